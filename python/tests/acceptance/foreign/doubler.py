"""A second agent written with the published package `agentfield`, for the first one to call."""

import os

from agentfield import Agent  # type: ignore[import-not-found]

app = Agent(
    node_id="foreign-doubler",
    agentfield_server=os.environ["SIGNOFF_SERVER"],
    callback_url=f"http://127.0.0.1:{os.environ['PORT']}",
)


@app.reasoner()
async def double(number: int) -> int:
    app.note(f"doubling {number}", tags=["work"])
    return 2 * number


if __name__ == "__main__":
    app.serve(host="127.0.0.1", port=int(os.environ["PORT"]), auto_port=False)
