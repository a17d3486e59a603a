"""Dash, by `app.run`, which obeys `$PORT`."""

from dash import Dash, html

app = Dash(__name__, title="hello of Dash")
server = app.server
app.layout = html.Div("hello")

if __name__ == "__main__":
    app.run()
