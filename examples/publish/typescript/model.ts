/** A model, at any endpoint that speaks OpenAI's protocol (SIGNOFF_MODEL_URL, SIGNOFF_MODEL). */
const {
  SIGNOFF_MODEL_URL = "https://api.openai.com/v1",
  SIGNOFF_MODEL = "gpt-5",
  OPENAI_API_KEY = "",
} = process.env;

export async function ask(system: string, user: string): Promise<string> {
  const response = await fetch(`${SIGNOFF_MODEL_URL}/chat/completions`, {
    method: "POST",
    headers: { Authorization: `Bearer ${OPENAI_API_KEY}`, "Content-Type": "application/json" },
    body: JSON.stringify({
      model: SIGNOFF_MODEL,
      messages: [
        { role: "system", content: system },
        { role: "user", content: user },
      ],
    }),
  });
  if (!response.ok) throw new Error(`the model answers ${response.status} and no text`);
  const completion = (await response.json()) as { choices: { message: { content: string } }[] };
  return completion.choices[0]?.message.content ?? "";
}
