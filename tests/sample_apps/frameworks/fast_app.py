"""FastAPI, by `uvicorn.run`."""

import os

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

import uvicorn

app = FastAPI()


@app.get("/", response_class=PlainTextResponse)
def hello() -> str:
    return "hello of FastAPI\n"


if __name__ == "__main__":
    uvicorn.run(app, host=os.environ.get("HOST", "127.0.0.1"), port=int(os.environ["PORT"]))
