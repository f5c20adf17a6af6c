/** A model, at any endpoint that speaks OpenAI's protocol (SIGNOFF_MODEL_URL, SIGNOFF_MODEL). */
export interface RefundDecision {
  approve: boolean;
  amount_usd: number;
  reason: string;
  confidence: number; // 0.0 - 1.0
}

const {
  SIGNOFF_MODEL_URL = "https://api.openai.com/v1",
  SIGNOFF_MODEL = "gpt-5",
  OPENAI_API_KEY = "",
} = process.env;

export async function ask(system: string, user: string, model = SIGNOFF_MODEL): Promise<RefundDecision> {
  const response = await fetch(`${SIGNOFF_MODEL_URL}/chat/completions`, {
    method: "POST",
    headers: { Authorization: `Bearer ${OPENAI_API_KEY}`, "Content-Type": "application/json" },
    body: JSON.stringify({
      model,
      response_format: { type: "json_object" },
      messages: [
        { role: "system", content: `${system} Answer in JSON.` },
        { role: "user", content: user },
      ],
    }),
  });
  if (!response.ok) throw new Error(`the model answers ${response.status} and no text`);
  const completion = (await response.json()) as { choices: { message: { content: string } }[] };
  return JSON.parse(completion.choices[0]?.message.content ?? "");
}
