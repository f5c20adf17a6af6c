-- name: insert_receipt
-- Remembers the answer to a signed webhook; an id that is taken misses.
INSERT INTO webhook_receipts (webhook_id, body_sha256, status_code, answer, at)
VALUES (:webhook_id, :body_sha256, :status_code, :answer, :at)

-- name: replace_receipt
-- Remembers the answer to a signed webhook in the place of one whose time is over.
UPDATE webhook_receipts
SET body_sha256 = :body_sha256, status_code = :status_code, answer = :answer, at = :at
WHERE webhook_id = :webhook_id AND at = :over

-- name: get_receipt
-- The answer given to a webhook.
SELECT * FROM webhook_receipts WHERE webhook_id = :webhook_id

-- name: any_old_receipts
-- Whether there are answers to webhooks that need not be remembered any more.
SELECT 1 AS one FROM webhook_receipts WHERE at <= :before LIMIT 1

-- name: delete_old_receipts
-- Forgets some of them.
DELETE FROM webhook_receipts WHERE webhook_id IN (
    SELECT webhook_id FROM webhook_receipts WHERE at <= :before LIMIT :limit)

-- name: clear_webhook_receipts
-- Forgets all answers to webhooks: for tests.
DELETE FROM webhook_receipts
