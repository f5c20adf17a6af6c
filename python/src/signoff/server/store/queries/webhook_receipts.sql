-- name: insert_receipt
-- Remembers the answer to a signed webhook; an id that is taken misses.
INSERT INTO webhook_receipts (webhook_id, body_sha256, status_code, answer, at)
VALUES (:webhook_id, :body_sha256, :status_code, :answer, :at)

-- name: get_receipt
-- The answer given to a webhook.
SELECT * FROM webhook_receipts WHERE webhook_id = :webhook_id

-- name: delete_receipts
-- Forgets answers to webhooks whose signature is long out of its window.
DELETE FROM webhook_receipts WHERE at < :before

-- name: clear_webhook_receipts
-- Forgets all answers to webhooks: for tests.
DELETE FROM webhook_receipts
