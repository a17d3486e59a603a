"""A factory, as in Flask's own tutorial."""

from flask import Flask


def create_app(test_config=None):
    app = Flask(__name__, instance_relative_config=True)
    if test_config is not None:
        app.config.from_mapping(test_config)

    @app.route("/")
    def hello():
        return "flaskr\n"

    return app
