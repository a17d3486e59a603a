"""Flask, by `flask run` and by `app.run`."""

import os

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    return "hello of Flask\n"


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
