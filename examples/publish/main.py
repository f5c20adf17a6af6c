"""Two gates in one run: an editor reviews the draft, a publisher signs off."""

from signoff import Agent

app = Agent(node_id="content-pipeline", version="1.0.0")


@app.reasoner()
async def publish_with_review(brief: str) -> dict:
    # Step 1: AI drafts
    draft = await app.ai(system="You are a senior copywriter.", user=brief)

    # Pause #1 — editor reviews the draft (the wait is now a row in the database)
    review = await app.pause(
        approval_request_id="draft-review",
        approval_request_url="https://cms.example.com/review/draft",
        expires_in_hours=24,
    )
    if review.decision != "approved":
        return {"status": review.decision, "feedback": review.feedback}

    # Step 2: AI revises using the editor's feedback
    final = await app.ai(
        system="Revise based on editorial feedback.",
        user=f"Draft: {draft}\nFeedback: {review.feedback}",
    )

    # Pause #2 — publisher signs off before going live
    sign_off = await app.pause(
        approval_request_id="final-approval",
        approval_request_url="https://cms.example.com/review/final",
        expires_in_hours=4,
    )
    if sign_off.decision == "approved":
        await app.call("publisher.publish", content=final)
    return {"status": sign_off.decision}


app.run()
