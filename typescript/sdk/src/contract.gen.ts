// Generated from openapi.yaml by tools/generate.py; do not edit.

export interface paths {
    "/api/v1/nodes/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Register an agent instance.
         * @description Safe to repeat. A new `instance_id` is a new process; an empty or absent one stands for the process at `base_url`.
         *     `base_url` may be private or loopback, never link-local or a metadata address. The agent need not listen yet.
         *     What the newest registration says of the node counts: its version, its reasoners and its skills.
         */
        post: operations["registerNode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/nodes/{node_id}/heartbeat": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The node. */
                node_id: components["parameters"]["NodeId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Keep an instance's leases.
         * @description Renews the leases of the instance. `status: offline` drains it. Own agents beat every second and say what they have
         *     `in_hand`; when that does not fit, the answer says `resync: true` and the next heartbeats carry the list, in pages of
         *     1,000. An execution absent from two lists in a row is dispatched again. 404: register again.
         */
        post: operations["heartbeatNode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/nodes/{node_id}/shutdown": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The node. */
                node_id: components["parameters"]["NodeId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say that an instance is going away.
         * @description The instance gets no new work and keeps its leases for `timeout_seconds` + 10 s or until it has reported each run.
         *     Without `instance_id` the newest instance of the node is meant.
         */
        post: operations["shutdownNode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/nodes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List nodes. */
        get: operations["listNodes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/nodes/{node_id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The node. */
                node_id: components["parameters"]["NodeId"];
            };
            cookie?: never;
        };
        /** Read a node with its instances and reasoners. */
        get: operations["getNode"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/execute/{target}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description `{node_id}.{reasoner}`, parted at the first dot. */
                target: components["parameters"]["Target"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run a reasoner and wait for the end.
         * @description Answers 200 when the execution finished in time, however it ended. When it reaches a gate, or `wait_seconds` is over,
         *     202 with the execution and its `Location`; it goes on. A node that is known but away: the execution is `queued`.
         */
        post: operations["execute"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/execute/async/{target}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description `{node_id}.{reasoner}`, parted at the first dot. */
                target: components["parameters"]["Target"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start a reasoner.
         * @description Answers as soon as the execution is stored. With `Idempotency-Key`, kept per principal and operation for 24 h or while
         *     the execution is unfinished, a repeat, at the same time too, answers with the first execution; another target or body
         *     under that key is 409 `idempotency_conflict`. Bodies are compared by value: the order of members, `1` or `1.0`, and a default
         *     that is written out or left out (`input`: `{}`) make no other body; `wait_seconds` is no part of it.
         *     A child (`X-Parent-Execution-ID`) that a later attempt of its parent calls again, with the same target, equal input and
         *     the same occurrence in its attempt, is the first child.
         */
        post: operations["executeAsync"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/executions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List executions. */
        get: operations["listExecutions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/executions/{execution_id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The execution; from its agent, the attempt id. */
                execution_id: components["parameters"]["ExecutionId"];
            };
            cookie?: never;
        };
        /** Read an execution, or wait for its end. */
        get: operations["getExecution"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/executions/{execution_id}/status": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The execution; from its agent, the attempt id. */
                execution_id: components["parameters"]["ExecutionId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Report the end of an attempt.
         * @description From the agent, under its attempt id. Safe to repeat. `running` is a sign of life. `waiting` releases the
         *     lease: the agent holds nothing any more, and the run is dispatched again when its next decision or the end of a child is
         *     there, at once if there is one. `cancelled` for a run that nobody cancelled hands it back.
         */
        post: operations["reportExecutionStatus"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/executions/{execution_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The execution; from its agent, the attempt id. */
                execution_id: components["parameters"]["ExecutionId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel an execution and its descendants.
         * @description Their pending requests are cancelled in the same transaction and the agents are told. Cancelling a cancelled execution is
         *     200; one that ended otherwise is 409 `execution_finished`.
         */
        post: operations["cancelExecution"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/executions/note": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add a note to an execution.
         * @description The execution is named by `X-Execution-ID`. A `key` that the execution has seen is answered with the first note.
         *     A note of the newest attempt is taken after its end too: agents may send notes without waiting for the answer, and the
         *     report may overtake the last of them.
         */
        post: operations["addNote"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/executions/{execution_id}/steps/{step_key}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The execution; from its agent, the attempt id. */
                execution_id: components["parameters"]["ExecutionId"];
                /** @description The key of the step. */
                step_key: components["parameters"]["StepKey"];
            };
            cookie?: never;
        };
        get?: never;
        /**
         * Record the result of a step.
         * @description The first write wins and is the answer to every later one with the same `input_sha256`; another digest is 409
         *     `step_conflict`.
         */
        put: operations["recordStep"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/executions/{execution_id}/steps": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The execution; from its agent, the attempt id. */
                execution_id: components["parameters"]["ExecutionId"];
            };
            cookie?: never;
        };
        /** List the recorded steps, oldest first. */
        get: operations["listSteps"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/executions/{execution_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The execution; from its agent, the attempt id. */
                execution_id: components["parameters"]["ExecutionId"];
            };
            cookie?: never;
        };
        /** List the events of an execution, oldest first. */
        get: operations["listExecutionEvents"];
        put?: never;
        /**
         * Append an `agent.*` event.
         * @description A `key` that the execution has seen is answered with the first event.
         */
        post: operations["appendExecutionEvent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/executions/{execution_id}/events/stream": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The execution; from its agent, the attempt id. */
                execution_id: components["parameters"]["ExecutionId"];
            };
            cookie?: never;
        };
        /**
         * Follow the events of an execution (server-sent events).
         * @description Each event has `id` = seq, `event` = type and `data` = an `Event`. Resumes after `Last-Event-ID`. The stream ends
         *     when the execution is finished and all is sent, or when the server stops; a client that comes back to a finished
         *     execution with its last seq gets 204, which ends an `EventSource`. A comment line is sent every 15 s.
         */
        get: operations["streamExecutionEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/agents/{node_id}/executions/{execution_id}/request-approval": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The node. */
                node_id: components["parameters"]["NodeId"];
                /** @description The execution; from its agent, the attempt id. */
                execution_id: components["parameters"]["ExecutionId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask a person, from within an execution.
         * @description Stores the question and takes the execution to `waiting`, in one transaction. The answer is the request: pending, or
         *     decided when a later attempt meets a stored one. The decision is sent to the agent by `approvalCallback`.
         */
        post: operations["requestExecutionApproval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/agents/{node_id}/executions/{execution_id}/approval-status": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The node. */
                node_id: components["parameters"]["NodeId"];
                /** @description The execution; from its agent, the attempt id. */
                execution_id: components["parameters"]["ExecutionId"];
            };
            cookie?: never;
        };
        /**
         * Read the newest request of an execution, or its newest under an own id.
         * @description A key of an agent that is not bound to `node_id` is 403 `forbidden` whether or not there is such an execution, so that
         *     nothing is told of other nodes. An execution that is unknown or of another node than `node_id`, or that has asked
         *     nothing, is 404.
         */
        get: operations["getExecutionApprovalStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approval-requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List approval requests.
         * @description Paths take `apr_` ids; who has an own id finds its requests here, by `approval_request_id` and `execution_id`.
         */
        get: operations["listApprovalRequests"];
        put?: never;
        /**
         * Ask a person, without an execution.
         * @description Safe to repeat: the own id and the key owner name the question until `expires_at`. So a process that crashed and runs
         *     again attaches to its question.
         */
        post: operations["createApprovalRequest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approval-requests/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The request's `apr_` id. */
                id: components["parameters"]["ApprovalId"];
            };
            cookie?: never;
        };
        /** Read a request, or wait for its decision. */
        get: operations["getApprovalRequest"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approval-requests/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The request's `apr_` id. */
                id: components["parameters"]["ApprovalId"];
            };
            cookie?: never;
        };
        /**
         * List the events of a request, oldest first.
         * @description The chain of a standalone request; of a request in an execution, those events of its chain that concern it.
         */
        get: operations["listApprovalRequestEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approval-requests/{id}/decision": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The request's `apr_` id. */
                id: components["parameters"]["ApprovalId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Decide a request.
         * @description The reviewer is the owner of the key. The first decision wins; the same again is 200 `already_processed`.
         */
        post: operations["decideApprovalRequest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approval-requests/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The request's `apr_` id. */
                id: components["parameters"]["ApprovalId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Withdraw a request.
         * @description A `client` withdraws standalone requests of its own, an `agent` those of its node's executions. Whoever waits for it gets the
         *     decision `error` with the reason. Withdrawing a cancelled request is 200; a decided one is 409 `already_decided`.
         */
        post: operations["cancelApprovalRequest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/approval-response": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Decide a request by a signed message.
         * @description For reviewer services that hold the webhook secret instead of a key. Checked in this order: no secret configured 503
         *     `webhook_secret_missing`; too large 413; signature missing or wrong 401 `invalid_signature`; body 400; unknown request 404
         *     with `Retry-After: 2` (a fast reviewer can be ahead of `pause()`); then the first decision wins.
         *
         *     The signature is over the raw bytes of the body and compared in constant time before anything is parsed. Either
         *     `X-Webhook-Signature: sha256=` and the hex HMAC-SHA256 of the body, keyed by the UTF-8 bytes of the secret as written; or the
         *     three Standard Webhooks headers, keyed by the base64 after `whsec_`. During rotation the previous secret counts too.
         *
         *     For 24 h after it was answered by 200 or `already_decided`, a `webhook-id` that comes again with the same body (senders
         *     sign anew for each try) is answered as then; with another body it is judged like any message. After that it is
         *     forgotten. Nothing can be played again then: the signature covers `webhook-timestamp`, and more than 300 s off is 401.
         *
         *     `requestId` is an `apr_` id, or an own id that has named exactly one request so far. One that has named several is 409
         *     `ambiguous_request_id` with `candidates`, unless `execution_id` narrows it to one, or the timestamped signature is
         *     used and exactly one is pending: a replayed body never decides a later request.
         */
        post: operations["receiveApprovalResponse"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List what the server has sent or is to send. */
        get: operations["listDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deliveries/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The delivery's `msg_` id. */
                id: components["parameters"]["DeliveryId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a dead delivery again.
         * @description A delivery that is `pending` stays so, due now. One that was delivered or dropped is 409 `delivery_not_retryable`.
         */
        post: operations["retryDelivery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Say that the process answers. */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Say whether the server can do its work.
         * @description Like `getHealth` without a key, as load balancers have none. 503 while the store cannot be read and written.
         */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/openapi.yaml": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This file, as the server keeps it. */
        get: operations["getOpenapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Metrics in the Prometheus text format. */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface webhooks {
    dispatchExecution: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * To an agent, at `{base_url}/reasoners/{name}`. Run this.
         * @description The body is the bare input. Signed with the instance's secret; `webhook-id` is the attempt id, so that a signature is
         *     for one attempt only. An own agent refuses an unsigned or stale one, or one whose ids differ (401), and answers 202 for an attempt that it has in hand. An attempt that is older than one of the same execution that it has in hand, or had, came late: it is answered by 202 too, is not run and leaves the newer one alone. 429 and 503 mean later (so do 401, 403, 407, 408, 409, 421, 425, 502 and redirects); 504 is an outcome that nobody knows; 404 means not here; 400, 422 and every other status fail the execution (`invalid_input`, `bad_answer`).
         *     A refusal with `Retry-After` in seconds keeps all work from that instance for so long, 5 minutes at most, whatever else is heard of it, or until it registers anew. Others of the node may get the work meanwhile.
         */
        post: operations["dispatchExecution"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    cancelAgentExecution: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * To an agent, at `{base_url}/_internal/executions/{execution_id}/cancel`. Stop this.
         * @description The execution id is the attempt id. Signed with the instance's secret.
         */
        post: operations["cancelAgentExecution"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    approvalCallback: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * To an agent, at `{base_url}/webhooks/approval`. The answer to a question.
         * @description Goes to the leaseholder only and is retried while the execution is unfinished and leased there, with back-off, and at
         *     once when the heartbeat of an instance that was silent for 3 s (foreign 6 s) returns. Own agents find
         *     the waiter by `id`. For foreign agents `execution_id` is `{attempt id}#{apr_id}`, which never matches.
         */
        post: operations["approvalCallback"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "approval.requested": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** To `SIGNOFF_NOTIFY_URL`. A question was asked. */
        post: operations["notifyApprovalRequested"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "approval.decided": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** To `SIGNOFF_NOTIFY_URL`. A question was answered. */
        post: operations["notifyApprovalDecided"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "approval.expired": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** To `SIGNOFF_NOTIFY_URL`. A question went unanswered. */
        post: operations["notifyApprovalExpired"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "approval.cancelled": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** To `SIGNOFF_NOTIFY_URL`. A question was withdrawn. */
        post: operations["notifyApprovalCancelled"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "execution.finished": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * To the `webhook.url` of an execute request. The execution is finished.
         * @description Signed when the request gave a `secret`. Retried for a day, then dead.
         */
        post: operations["notifyExecutionFinished"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface components {
    schemas: {
        /**
         * @description Where an execution is in its life.
         * @enum {string}
         */
        ExecutionStatus: "queued" | "running" | "waiting" | "succeeded" | "failed" | "cancelled" | "timeout" | (string & {});
        /** @enum {string} */
        ExecutionStatusFilter: "queued" | "running" | "waiting" | "succeeded" | "failed" | "cancelled" | "timeout";
        /**
         * @description `waiting` releases the lease; `cancelled` for a run that nobody cancelled hands it back.
         * @enum {string}
         */
        ReportedStatus: "running" | "waiting" | "succeeded" | "failed" | "cancelled";
        /**
         * @description Where an approval request is in its life.
         * @enum {string}
         */
        ApprovalStatus: "pending" | "approved" | "rejected" | "request_changes" | "expired" | "cancelled" | (string & {});
        /** @enum {string} */
        ApprovalStatusFilter: "pending" | "approved" | "rejected" | "request_changes" | "expired" | "cancelled";
        /**
         * @description What a reviewer may say.
         * @enum {string}
         */
        Decision: "approved" | "rejected" | "request_changes";
        /**
         * @description What whoever waits is told. `error` stands for a withdrawn request. Only `approved` is a yes.
         * @enum {string}
         */
        Outcome: "approved" | "rejected" | "request_changes" | "expired" | "error" | (string & {});
        /** @enum {string} */
        DecisionReceiptStatus: "processed" | "already_processed" | (string & {});
        /**
         * @description Where the name comes from: a key, a server without keys, the body of a signed message, the server itself.
         * @enum {string}
         */
        PrincipalSource: "key" | "open" | "webhook" | "system" | (string & {});
        /** @enum {string} */
        StepKind: "step" | "call" | "ai" | (string & {});
        /** @enum {string} */
        NewStepKind: "step" | "call" | "ai";
        /**
         * @description `away`: no heartbeat in time; its leases have ended or are about to.
         * @enum {string}
         */
        InstanceState: "live" | "draining" | "away" | (string & {});
        /** @enum {string} */
        DeliveryKind: "approvalCallback" | "cancelAgentExecution" | "approval.requested" | "approval.decided" | "approval.expired" | "approval.cancelled" | "execution.finished" | (string & {});
        /**
         * @description `dead`: given up after a day; `dropped`: nobody is left to hear it.
         * @enum {string}
         */
        DeliveryState: "pending" | "delivered" | "dead" | "dropped" | (string & {});
        /** @enum {string} */
        DeliveryStateFilter: "pending" | "delivered" | "dead" | "dropped";
        /**
         * @description `degraded`: it works, and `checks` names something to look at.
         * @enum {string}
         */
        ReadinessStatus: "ready" | "degraded" | (string & {});
        /**
         * @description What went wrong, for programs. The words stay; new ones may come.
         * @enum {string}
         */
        ProblemCode: "invalid_request" | "invalid_json" | "unauthorized" | "invalid_signature" | "forbidden" | "untrusted_origin" | "not_found" | "unknown_target" | "method_not_allowed" | "already_decided" | "request_conflict" | "ambiguous_request_id" | "execution_finished" | "stale_attempt" | "step_conflict" | "idempotency_conflict" | "delivery_not_retryable" | "body_too_large" | "unsupported_media_type" | "invalid_input" | "invalid_callback_url" | "invalid_webhook_url" | "invalid_base_url" | "invalid_cursor" | "internal_error" | "webhook_secret_missing" | "store_unavailable" | "shutting_down" | (string & {});
        /** @description RFC 3339 in UTC, with milliseconds and Z; a day that exists. */
        Time: string;
        /** @description Lower-case hex SHA-256. */
        Sha256: string;
        IdText: string;
        OwnIdText: string;
        /** @description The caller's own id. Does not start with `apr_`. */
        NewOwnIdText: string;
        NodeIdText: string;
        TargetText: string;
        StepKeyText: string;
        IdempotencyKeyText: string;
        CursorText: string;
        ShortText: string;
        LongText: string;
        Url: string;
        HeaderText: string;
        PathText: string;
        EventStream: string;
        MetricsText: string;
        /** @description What the agent keeps. Open. */
        Features: {
            /**
             * Format: int64
             * @description 1 for agents that keep this contract (own agents).
             */
            signoff?: number;
        } & {
            [key: string]: unknown;
        };
        /** @description A function that a node offers. Open; null counts as nothing said. */
        NewReasoner: {
            /** @description Its name. */
            id: string;
            /** @description JSON Schema of the input. Inputs for own agents are checked against it. */
            input_schema?: unknown;
            /** @description JSON Schema of the result. */
            output_schema?: unknown;
            /** @description Free words; an array of strings. */
            tags?: unknown;
            /** @description What it does; a string. */
            description?: unknown;
        } & {
            [key: string]: unknown;
        };
        /** @description An agent instance says what it is. Open, as foreign agents send more. */
        NodeRegistration: {
            id: components["schemas"]["NodeIdText"];
            base_url: components["schemas"]["Url"];
            version?: components["schemas"]["ShortText"];
            /** @description New for each process. */
            instance_id?: string;
            reasoners?: components["schemas"]["NewReasoner"][];
            /** @description Served at `/skills/{id}`. */
            skills?: components["schemas"]["NewReasoner"][];
            features?: components["schemas"]["Features"];
        } & {
            [key: string]: unknown;
        };
        NodeRegistered: {
            node_id: components["schemas"]["NodeIdText"];
            /** @description As registered. */
            instance_id: string;
            /** @description Signs what the server sends to this instance; `whsec_` and base64. Keep it secret. */
            webhook_secret: string;
            /**
             * Format: double
             * @description Heartbeat this often.
             */
            heartbeat_seconds: number;
            /**
             * Format: double
             * @description Leases end after this long without a heartbeat.
             */
            lease_seconds: number;
        } & {
            [key: string]: unknown;
        };
        /**
         * @description What an own agent has in hand. `digest` is of the sorted attempt ids, each followed by a line feed. All pages of a
         *     list carry the same `count`, `digest` and `pages`; servers of one database put them together, whichever takes each. Open.
         */
        InHand: {
            /**
             * Format: int64
             * @description Attempts in hand.
             */
            count: number;
            digest: components["schemas"]["Sha256"];
            /** @description Their attempt ids, sorted; after `resync: true`. */
            executions?: components["schemas"]["IdText"][];
            /**
             * Format: int64
             * @description Which page of the list this is, from 1.
             */
            page?: number;
            /**
             * Format: int64
             * @description How many pages the list has.
             */
            pages?: number;
        } & {
            [key: string]: unknown;
        };
        /** @description A sign of life. Open, as foreign agents send more. */
        Heartbeat: {
            /** @description Absent or empty for the newest instance of the node. */
            instance_id?: string;
            /** @description `offline` drains; any other word is a sign of life. */
            status?: string;
            in_hand?: components["schemas"]["InHand"];
        } & {
            [key: string]: unknown;
        };
        HeartbeatReceipt: {
            node_id: components["schemas"]["NodeIdText"];
            /**
             * Format: double
             * @description Seconds until the leases end without another heartbeat.
             */
            lease_seconds: number;
            /** @description Send the list of what is in hand with the next heartbeats. */
            resync: boolean;
        } & {
            [key: string]: unknown;
        };
        /** @description Open, as foreign agents send more. */
        NodeShutdown: {
            /** @description Absent or empty for the newest instance of the node. */
            instance_id?: string;
            reason?: components["schemas"]["LongText"];
            /**
             * Format: double
             * @description How long it goes on with what it has. Default 0.
             */
            timeout_seconds?: number;
        } & {
            [key: string]: unknown;
        };
        Reasoner: {
            /** @description Its name. */
            id: string;
            /** @description JSON Schema of the input; absent when none was given. */
            input_schema?: unknown;
            /** @description JSON Schema of the result; absent when none was given. */
            output_schema?: unknown;
            /** @description Free words. */
            tags?: unknown;
            /** @description What it does. */
            description?: unknown;
        } & {
            [key: string]: unknown;
        };
        Instance: {
            /** @description As registered. */
            instance_id: string;
            base_url: components["schemas"]["Url"];
            state: components["schemas"]["InstanceState"];
            registered_at: components["schemas"]["Time"];
            last_heartbeat_at?: components["schemas"]["Time"];
        } & {
            [key: string]: unknown;
        };
        Node: {
            node_id: components["schemas"]["NodeIdText"];
            version?: components["schemas"]["ShortText"];
            reasoners: components["schemas"]["Reasoner"][];
            skills: components["schemas"]["Reasoner"][];
            /** @description Newest first. */
            instances: components["schemas"]["Instance"][];
            created_at: components["schemas"]["Time"];
            updated_at: components["schemas"]["Time"];
        } & {
            [key: string]: unknown;
        };
        NodeList: {
            items: components["schemas"]["Node"][];
            next_cursor?: components["schemas"]["CursorText"];
        } & {
            [key: string]: unknown;
        };
        /** @description Where `execution.finished` goes. A public address, unless the server's `SIGNOFF_ALLOWED_HOSTS` names it. */
        ExecutionWebhook: {
            url: components["schemas"]["Url"];
            /** @description Signs the message; `whsec_` and base64 of at least 24 bytes. */
            secret?: string;
        };
        ExecuteRequest: {
            /** @description User JSON for the reasoner; own agents take an object. Absent is `{}`. */
            input?: unknown;
            /**
             * Format: int64
             * @description Running time that the execution may take.
             * @default 7200
             */
            timeout_seconds?: number;
            /**
             * Format: int64
             * @description Attempts in a row that may end without a new step or decision.
             * @default 10
             */
            max_attempts?: number;
            webhook?: components["schemas"]["ExecutionWebhook"];
        };
        /** @description The newest event of the chain. */
        EventHead: {
            /**
             * Format: int64
             * @description Events so far.
             */
            seq: number;
            hash: components["schemas"]["Sha256"];
        } & {
            [key: string]: unknown;
        };
        /** @description One run of a reasoner. */
        Execution: {
            execution_id: components["schemas"]["IdText"];
            run_id: components["schemas"]["IdText"];
            workflow_id: components["schemas"]["IdText"];
            parent_execution_id?: components["schemas"]["IdText"];
            target: components["schemas"]["TargetText"];
            node_id: components["schemas"]["NodeIdText"];
            status: components["schemas"]["ExecutionStatus"];
            /** @description Why it is in this status, where that needs saying. */
            status_reason?: string;
            /** @description User JSON, as given. */
            input: unknown;
            /** @description User JSON, as reported; absent when none was. `null` is a result. */
            result?: unknown;
            /** @description What went wrong, in words; only of failed and cancelled executions. */
            error?: string;
            /** @description User JSON about the error; absent when none was given. */
            error_details?: unknown;
            /**
             * Format: int64
             * @description The newest attempt; 0 before the first dispatch.
             */
            attempt: number;
            /** @description The `apr_` ids of its own pending requests, oldest first. */
            pending_approvals: components["schemas"]["IdText"][];
            event_head: components["schemas"]["EventHead"];
            created_at: components["schemas"]["Time"];
            started_at?: components["schemas"]["Time"];
            completed_at?: components["schemas"]["Time"];
            /**
             * Format: int64
             * @description From `created_at` to `completed_at`; absent while unfinished.
             */
            duration_ms?: number;
            /**
             * Format: int64
             * @description Time spent running so far; waiting does not count.
             */
            running_ms: number;
        } & {
            [key: string]: unknown;
        };
        ExecutionList: {
            items: components["schemas"]["Execution"][];
            next_cursor?: components["schemas"]["CursorText"];
        } & {
            [key: string]: unknown;
        };
        /** @description The end of an attempt, or a sign of it. Open, as foreign agents send more. */
        StatusReport: {
            status: components["schemas"]["ReportedStatus"];
            /** @description User JSON. Absent with `succeeded` is null. */
            result?: unknown;
            /** @description What went wrong, in words. */
            error?: string;
            /** @description User JSON about the error; null stands for none. */
            error_details?: unknown;
            /** @description A word or sentence of the agent's. */
            status_reason?: string;
            /**
             * @description With `waiting`: the ids (`apr_…`, `exec_…`) of the requests and children that the attempt waited for. When one of
             *     them has come to its end by now, the run is dispatched again at once. Ignored otherwise.
             */
            waits_for?: string[];
        } & {
            [key: string]: unknown;
        };
        Cancellation: {
            reason?: components["schemas"]["LongText"];
        };
        /** @description A remark for whoever reads the run. Open, as foreign agents send more. */
        Note: {
            /** @description Free text. */
            message: string;
            tags?: components["schemas"]["ShortText"][];
            key?: components["schemas"]["StepKeyText"];
        } & {
            [key: string]: unknown;
        };
        StepRecord: {
            kind: components["schemas"]["NewStepKind"];
            name: components["schemas"]["ShortText"];
            input_sha256: components["schemas"]["Sha256"];
            /** @description User JSON. Absent without `error` is null. */
            result?: unknown;
            /** @description Instead of a result. */
            error?: string;
        };
        /** @description A piece of work that will not be done again. */
        Step: {
            key: components["schemas"]["StepKeyText"];
            kind: components["schemas"]["StepKind"];
            name: components["schemas"]["ShortText"];
            input_sha256: components["schemas"]["Sha256"];
            /** @description User JSON; absent when the step failed. */
            result?: unknown;
            /** @description What went wrong; absent when the step has a result. */
            error?: string;
            /**
             * Format: int64
             * @description The attempt that recorded it.
             */
            attempt: number;
            at: components["schemas"]["Time"];
        } & {
            [key: string]: unknown;
        };
        StepList: {
            items: components["schemas"]["Step"][];
            next_cursor?: components["schemas"]["CursorText"];
        } & {
            [key: string]: unknown;
        };
        /** @description Who did it. */
        Principal: {
            /** @description The key's id or what a signed body says. */
            id: string;
            /** @description For people to read. */
            name?: string;
            source: components["schemas"]["PrincipalSource"];
        } & {
            [key: string]: unknown;
        };
        NewEvent: {
            /** @description A word of the agent's. */
            type: string;
            /** @description User JSON. */
            content?: unknown;
            key?: components["schemas"]["StepKeyText"];
        };
        /** @description Something that happened. Never changed, never deleted. */
        Event: {
            /**
             * Format: int64
             * @description Place in the chain, from 1.
             */
            seq: number;
            /**
             * @description `execution.created`, `.dispatched`, `.requeued`, `.waiting`, `.resumed`, `.succeeded`, `.failed`, `.cancelled`,
             *     `.timed_out`; `approval.requested`, `.decided`, `.expired`, `.cancelled`, `.replayed`; `step.recorded`; `note`;
             *     `agent.*`. Servers may add words.
             */
            type: string;
            execution_id?: components["schemas"]["IdText"];
            approval_id?: components["schemas"]["IdText"];
            at: components["schemas"]["Time"];
            actor: components["schemas"]["Principal"];
            /** @description Ids, words, integers below 2^53, digests. */
            data: {
                [key: string]: unknown;
            };
            /** @description User text and user JSON that the event carries; absent when it carries none. */
            content?: unknown;
            prev_hash: components["schemas"]["Sha256"];
            hash: components["schemas"]["Sha256"];
        } & {
            [key: string]: unknown;
        };
        EventList: {
            items: components["schemas"]["Event"][];
            next_cursor?: components["schemas"]["CursorText"];
        } & {
            [key: string]: unknown;
        };
        /** @description A question to a person. */
        ApprovalRequest: {
            approval_request_id: components["schemas"]["NewOwnIdText"];
            approval_request_url?: components["schemas"]["Url"];
            title?: components["schemas"]["ShortText"];
            description?: components["schemas"]["LongText"];
            /** @description What the reviewer must see. User JSON. */
            payload?: {
                [key: string]: unknown;
            };
            /**
             * Format: double
             * @description Hours until it expires, fractions allowed; at most ten years.
             * @default 72
             */
            expires_in_hours?: number;
        };
        /**
         * @description A question to a person from within an execution. `callback_url` has the origin of a registered instance of the node; absent,
         *     the answer goes to `{base_url}/webhooks/approval`. `step_key` (`pause.n`) says where in the attempt it is asked.
         */
        ExecutionApprovalRequest: {
            approval_request_id: components["schemas"]["NewOwnIdText"];
            approval_request_url?: components["schemas"]["Url"];
            title?: components["schemas"]["ShortText"];
            description?: components["schemas"]["LongText"];
            /** @description What the reviewer must see. User JSON. */
            payload?: {
                [key: string]: unknown;
            };
            /**
             * Format: double
             * @description Hours until it expires, fractions allowed; at most ten years.
             * @default 72
             */
            expires_in_hours?: number;
            callback_url?: components["schemas"]["Url"];
            step_key?: components["schemas"]["StepKeyText"];
        };
        /**
         * @description A question to a person, and the answer once there is one. `decision` is absent while pending, `decided_at` is set by every end.
         *     `execution_id`, `node_id` and `run_id` are absent when it is standalone.
         */
        Approval: {
            id: components["schemas"]["IdText"];
            approval_request_id: components["schemas"]["OwnIdText"];
            approval_request_url?: components["schemas"]["Url"];
            title?: components["schemas"]["ShortText"];
            description?: components["schemas"]["LongText"];
            /** @description User JSON; absent when none was given. */
            payload?: {
                [key: string]: unknown;
            };
            execution_id?: components["schemas"]["IdText"];
            node_id?: components["schemas"]["NodeIdText"];
            run_id?: components["schemas"]["IdText"];
            status: components["schemas"]["ApprovalStatus"];
            /** @description Why it was cancelled. */
            status_reason?: string;
            decision?: components["schemas"]["Outcome"];
            /** @description The reviewer's words. */
            feedback?: string;
            /** @description User JSON from the reviewer; absent when none was given. */
            response?: unknown;
            reviewer?: components["schemas"]["Principal"];
            expires_at: components["schemas"]["Time"];
            created_at: components["schemas"]["Time"];
            decided_at?: components["schemas"]["Time"];
            callback_url?: components["schemas"]["Url"];
            event_head: components["schemas"]["EventHead"];
        } & {
            [key: string]: unknown;
        };
        ApprovalList: {
            items: components["schemas"]["Approval"][];
            next_cursor?: components["schemas"]["CursorText"];
        } & {
            [key: string]: unknown;
        };
        /** @description The state of a request in the words of foreign agents, and the request itself. */
        ApprovalState: {
            status: components["schemas"]["ApprovalStatus"];
            /** @description The JSON text of the response, for foreign agents; absent when none was given. */
            response?: string;
            request_url?: components["schemas"]["Url"];
            requested_at: components["schemas"]["Time"];
            responded_at?: components["schemas"]["Time"];
            expires_at: components["schemas"]["Time"];
            approval: components["schemas"]["Approval"];
        } & {
            [key: string]: unknown;
        };
        NewDecision: {
            decision: components["schemas"]["Decision"];
            feedback?: components["schemas"]["LongText"];
            /** @description User JSON for whoever waits. */
            response?: unknown;
        };
        /** @description Open. */
        ReviewerClaim: {
            /** @description Who decided, in the words of the signing service. */
            id: string;
            name?: components["schemas"]["ShortText"];
        } & {
            [key: string]: unknown;
        };
        /** @description A decision in a signed message. Open, as reviewer services send more. */
        ApprovalResponse: {
            requestId: components["schemas"]["OwnIdText"];
            decision: components["schemas"]["Decision"];
            feedback?: components["schemas"]["LongText"];
            /** @description User JSON for whoever waits. */
            response?: unknown;
            reviewer?: components["schemas"]["ReviewerClaim"];
            execution_id?: components["schemas"]["IdText"];
        } & {
            [key: string]: unknown;
        };
        DecisionReceipt: {
            status: components["schemas"]["DecisionReceiptStatus"];
            approval: components["schemas"]["Approval"];
        } & {
            [key: string]: unknown;
        };
        /** @description A message that the server sends until it is heard. Its `id` is the `webhook-id`. */
        Delivery: {
            id: components["schemas"]["IdText"];
            kind: components["schemas"]["DeliveryKind"];
            state: components["schemas"]["DeliveryState"];
            /** @description Where it goes, without user info and query. */
            url: string;
            execution_id?: components["schemas"]["IdText"];
            approval_id?: components["schemas"]["IdText"];
            /**
             * Format: int64
             * @description Tries so far.
             */
            attempts: number;
            /**
             * Format: int64
             * @description HTTP status of the last answer; absent when there was none.
             */
            last_status?: number;
            /** @description Why the last try failed. */
            last_error?: string;
            /** @description Whether the agent found somebody who waits; callbacks only. */
            resolved?: boolean;
            next_at?: components["schemas"]["Time"];
            created_at: components["schemas"]["Time"];
            delivered_at?: components["schemas"]["Time"];
        } & {
            [key: string]: unknown;
        };
        DeliveryList: {
            items: components["schemas"]["Delivery"][];
            next_cursor?: components["schemas"]["CursorText"];
        } & {
            [key: string]: unknown;
        };
        /** @description User JSON, the bare input. */
        DispatchInput: unknown;
        /** @description User JSON, the result. */
        DispatchResult: unknown;
        DispatchReceipt: {
            /** @description `processing`. */
            status: string;
            execution_id: components["schemas"]["IdText"];
        } & {
            [key: string]: unknown;
        };
        CancelNotice: {
            execution_id: components["schemas"]["IdText"];
            /** @description Why. */
            reason?: string;
        } & {
            [key: string]: unknown;
        };
        ApprovalCallback: {
            /** @description The attempt id; for foreign agents `{attempt id}#{apr_id}`. */
            execution_id: string;
            id: components["schemas"]["IdText"];
            approval_request_id: components["schemas"]["OwnIdText"];
            decision: components["schemas"]["Outcome"];
            new_status: components["schemas"]["ExecutionStatus"];
            /** @description The reviewer's words; for `error` the reason. */
            feedback?: string;
            /** @description User JSON from the reviewer; absent when none was given. */
            response?: unknown;
            reviewer?: components["schemas"]["Principal"];
            event_head: components["schemas"]["EventHead"];
        } & {
            [key: string]: unknown;
        };
        CallbackReceipt: {
            /** @description `received`. */
            status: string;
            /** @description Whether somebody waits for it there. */
            resolved: boolean;
        } & {
            [key: string]: unknown;
        };
        /** @description What a subscriber is told about a request. */
        ApprovalNotification: {
            /** @description The event's word. */
            type: string;
            timestamp: components["schemas"]["Time"];
            data: components["schemas"]["Approval"];
        } & {
            [key: string]: unknown;
        };
        /** @description What the caller's webhook is told about its execution. */
        ExecutionNotification: {
            /** @description `execution.finished`. */
            type: string;
            timestamp: components["schemas"]["Time"];
            data: components["schemas"]["Execution"];
        } & {
            [key: string]: unknown;
        };
        Health: {
            /** @description `ok`. */
            status: string;
            /** @description The server's version. */
            version: string;
        } & {
            [key: string]: unknown;
        };
        ReadinessCheck: {
            /** @description What was looked at. */
            name: string;
            /** @description Whether it is well. */
            ok: boolean;
            /** @description What is not well. */
            detail?: string;
        } & {
            [key: string]: unknown;
        };
        Readiness: {
            status: components["schemas"]["ReadinessStatus"];
            checks: components["schemas"]["ReadinessCheck"][];
        } & {
            [key: string]: unknown;
        };
        /** @description One of the requests that an own id has named. */
        Candidate: {
            id: components["schemas"]["IdText"];
            execution_id?: components["schemas"]["IdText"];
            status: components["schemas"]["ApprovalStatus"];
        } & {
            [key: string]: unknown;
        };
        /** @description One place that is wrong. */
        ProblemError: {
            /** @description `body`, `query`, `path` or `header`. */
            in: string;
            /** @description JSON Pointer into the body, or `/` and the name of the parameter as it stands in this file, headers too (`/X-Execution-ID`). Empty for the whole. */
            pointer: string;
            /** @description What would be right. */
            detail: string;
        } & {
            [key: string]: unknown;
        };
        /** @description RFC 9457. `approval` comes with `already_decided` and `request_conflict`, `execution` with `execution_finished`. */
        Problem: {
            /** @description `about:blank`; `code` tells more. */
            type: string;
            /** @description The HTTP status in words. */
            title: string;
            /**
             * Format: int64
             * @description The HTTP status.
             */
            status: number;
            code: components["schemas"]["ProblemCode"];
            /** @description What is wrong here, for people. */
            detail: string;
            /** @description Each place that is wrong. */
            errors?: components["schemas"]["ProblemError"][];
            approval?: components["schemas"]["Approval"];
            execution?: components["schemas"]["Execution"];
            /** @description With `ambiguous_request_id`, newest first, at most 50. */
            candidates?: components["schemas"]["Candidate"][];
        } & {
            [key: string]: unknown;
        };
    };
    responses: {
        /** @description The request does not match this file; `errors` says where. */
        BadRequest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Bad Request",
                 *       "status": 400,
                 *       "code": "invalid_request",
                 *       "detail": "expires_in_hours: 0 is not greater than 0",
                 *       "errors": [
                 *         {
                 *           "in": "body",
                 *           "pointer": "/expires_in_hours",
                 *           "detail": "must be greater than 0"
                 *         }
                 *       ]
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A parameter does not match this file; `errors` says which. */
        BadParameter: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Bad Request",
                 *       "status": 400,
                 *       "code": "invalid_request",
                 *       "detail": "limit: 500 is greater than 200",
                 *       "errors": [
                 *         {
                 *           "in": "query",
                 *           "pointer": "/limit",
                 *           "detail": "must be at most 200"
                 *         }
                 *       ]
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The key is missing or unknown. */
        Unauthorized: {
            headers: {
                "WWW-Authenticate": components["headers"]["WwwAuthenticate"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Unauthorized",
                 *       "status": 401,
                 *       "code": "unauthorized",
                 *       "detail": "send a key in X-API-Key"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The signature is missing, wrong or stale. */
        InvalidSignature: {
            headers: {
                "WWW-Authenticate": components["headers"]["WwwAuthenticate"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Unauthorized",
                 *       "status": 401,
                 *       "code": "invalid_signature",
                 *       "detail": "X-Webhook-Signature does not fit the body"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The key may not do this, or a server without keys does not trust where the request comes from. */
        Forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Forbidden",
                 *       "status": 403,
                 *       "code": "forbidden",
                 *       "detail": "decideApprovalRequest needs the role reviewer or admin; this key is a client"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A server without keys does not trust where the request comes from. */
        UntrustedOrigin: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Forbidden",
                 *       "status": 403,
                 *       "code": "untrusted_origin",
                 *       "detail": "without keys, only requests to a local Host are served; this one names review.example.com"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such thing. */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Not Found",
                 *       "status": 404,
                 *       "code": "not_found",
                 *       "detail": "there is no execution exec_0"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such request; it may be on its way. */
        NotFoundYet: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Not Found",
                 *       "status": 404,
                 *       "code": "not_found",
                 *       "detail": "there is no approval request req-abc-123"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such node or reasoner, or no such parent execution. */
        UnknownTarget: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Not Found",
                 *       "status": 404,
                 *       "code": "unknown_target",
                 *       "detail": "refund-agent has no reasoner decide"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The idempotency key stands for another request, or the parent is finished or in a later attempt. */
        ExecuteConflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Conflict",
                 *       "status": 409,
                 *       "code": "idempotency_conflict",
                 *       "detail": "this Idempotency-Key was used with another body"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The execution is finished, or this attempt is not the newest. */
        AttemptConflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Conflict",
                 *       "status": 409,
                 *       "code": "stale_attempt",
                 *       "detail": "attempt 1 is over; attempt 2 runs"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description This attempt is not the newest. */
        StaleAttempt: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Conflict",
                 *       "status": 409,
                 *       "code": "stale_attempt",
                 *       "detail": "attempt 1 is over; attempt 2 runs"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The execution is finished. */
        ExecutionFinished: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Conflict",
                 *       "status": 409,
                 *       "code": "execution_finished",
                 *       "detail": "the execution has succeeded"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The step was recorded with another input, or the attempt is over. */
        StepConflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Conflict",
                 *       "status": 409,
                 *       "code": "step_conflict",
                 *       "detail": "step.create_review.1 was recorded with another input"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The stored request has other content, or the attempt is over. */
        ExecutionApprovalConflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Conflict",
                 *       "status": 409,
                 *       "code": "request_conflict",
                 *       "detail": "title: what was asked before is not what is asked now",
                 *       "errors": [
                 *         {
                 *           "in": "body",
                 *           "pointer": "/title",
                 *           "detail": "differs from the stored request"
                 *         }
                 *       ]
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The own id stands for a question with other content. */
        RequestConflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Conflict",
                 *       "status": 409,
                 *       "code": "request_conflict",
                 *       "detail": "payload: what was asked before is not what is asked now",
                 *       "errors": [
                 *         {
                 *           "in": "body",
                 *           "pointer": "/payload",
                 *           "detail": "differs from the stored request"
                 *         }
                 *       ]
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Another decision won, the request expired or was withdrawn; `approval` says what holds. */
        AlreadyDecided: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Conflict",
                 *       "status": 409,
                 *       "code": "already_decided",
                 *       "detail": "the request is rejected"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Another decision won, or the own id has named several requests. */
        ResponseConflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Conflict",
                 *       "status": 409,
                 *       "code": "ambiguous_request_id",
                 *       "detail": "draft-review has named 2 requests; give execution_id or an apr_ id",
                 *       "candidates": [
                 *         {
                 *           "id": "apr_019a8f2e-7c00-7000-8000-000000000001",
                 *           "execution_id": "exec_019a8f2e-7c00-7000-8000-000000000000",
                 *           "status": "pending"
                 *         }
                 *       ]
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The delivery is done or was dropped. */
        DeliveryNotRetryable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Conflict",
                 *       "status": 409,
                 *       "code": "delivery_not_retryable",
                 *       "detail": "the delivery is delivered"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is over the limit. */
        BodyTooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Content Too Large",
                 *       "status": 413,
                 *       "code": "body_too_large",
                 *       "detail": "a body may have 1048576 bytes"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is not `application/json`. */
        UnsupportedMediaType: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Unsupported Media Type",
                 *       "status": 415,
                 *       "code": "unsupported_media_type",
                 *       "detail": "send application/json"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The server may not connect to `base_url`. */
        InvalidBaseUrl: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Unprocessable Content",
                 *       "status": 422,
                 *       "code": "invalid_base_url",
                 *       "detail": "base_url: 169.254.169.254 is link-local",
                 *       "errors": [
                 *         {
                 *           "in": "body",
                 *           "pointer": "/base_url",
                 *           "detail": "is link-local"
                 *         }
                 *       ]
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `callback_url` is not at the origin of an instance of the node. */
        InvalidCallbackUrl: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Unprocessable Content",
                 *       "status": 422,
                 *       "code": "invalid_callback_url",
                 *       "detail": "callback_url: no instance of refund-agent has this origin",
                 *       "errors": [
                 *         {
                 *           "in": "body",
                 *           "pointer": "/callback_url",
                 *           "detail": "no instance of the node has this origin"
                 *         }
                 *       ]
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The cursor is not from this list. */
        InvalidCursor: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Unprocessable Content",
                 *       "status": 422,
                 *       "code": "invalid_cursor",
                 *       "detail": "cursor: not a cursor of this list",
                 *       "errors": [
                 *         {
                 *           "in": "query",
                 *           "pointer": "/cursor",
                 *           "detail": "not a cursor of this list"
                 *         }
                 *       ]
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The input does not fit the reasoner, or the server may not connect to `webhook.url`. */
        ExecuteRefused: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Unprocessable Content",
                 *       "status": 422,
                 *       "code": "invalid_input",
                 *       "detail": "input.ticket: is required",
                 *       "errors": [
                 *         {
                 *           "in": "body",
                 *           "pointer": "/input/ticket",
                 *           "detail": "is required"
                 *         }
                 *       ]
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The store cannot be reached or written, or the server is stopping. */
        Unavailable: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Service Unavailable",
                 *       "status": 503,
                 *       "code": "store_unavailable",
                 *       "detail": "the database cannot be written; nothing was stored"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description No webhook secret is configured, the store cannot be written, or the server is stopping. */
        WebhookUnavailable: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "about:blank",
                 *       "title": "Service Unavailable",
                 *       "status": 503,
                 *       "code": "webhook_secret_missing",
                 *       "detail": "set SIGNOFF_APPROVAL_WEBHOOK_SECRET to accept signed decisions"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /** @description The node. */
        NodeId: components["schemas"]["NodeIdText"];
        /** @description `{node_id}.{reasoner}`, parted at the first dot. */
        Target: components["schemas"]["TargetText"];
        /** @description The execution; from its agent, the attempt id. */
        ExecutionId: components["schemas"]["IdText"];
        /** @description The key of the step. */
        StepKey: components["schemas"]["StepKeyText"];
        /** @description The request's `apr_` id. */
        ApprovalId: components["schemas"]["IdText"];
        /** @description The delivery's `msg_` id. */
        DeliveryId: components["schemas"]["IdText"];
        /** @description Rows on the page. */
        Limit: number;
        /** @description `next_cursor` of the page before, for the same list and filters. */
        Cursor: components["schemas"]["CursorText"];
        /**
         * @description Hold the answer up to this many seconds, 0–60. A stopping server answers with the present state.
         * @example 0.1
         */
        WaitSeconds: number;
        /** @description Makes a repeat safe, for 24 h or while the execution is unfinished; see `executeAsync`. */
        IdempotencyKey: components["schemas"]["IdempotencyKeyText"];
        /** @description The attempt id of the execution that makes this call. Agents must give it. */
        ParentExecutionId: components["schemas"]["IdText"];
    };
    requestBodies: never;
    headers: {
        /** @description Where the resource is read. */
        Location: components["schemas"]["PathText"];
        /** @description Seconds to wait before the same request may succeed. */
        RetryAfter: number;
        /** @description The scheme of the missing credentials. */
        WwwAuthenticate: components["schemas"]["HeaderText"];
    };
    pathItems: never;
}
export type ExecutionStatus = components['schemas']['ExecutionStatus'];
export type ExecutionStatusFilter = components['schemas']['ExecutionStatusFilter'];
export type ReportedStatus = components['schemas']['ReportedStatus'];
export type ApprovalStatus = components['schemas']['ApprovalStatus'];
export type ApprovalStatusFilter = components['schemas']['ApprovalStatusFilter'];
export type Decision = components['schemas']['Decision'];
export type Outcome = components['schemas']['Outcome'];
export type DecisionReceiptStatus = components['schemas']['DecisionReceiptStatus'];
export type PrincipalSource = components['schemas']['PrincipalSource'];
export type StepKind = components['schemas']['StepKind'];
export type NewStepKind = components['schemas']['NewStepKind'];
export type InstanceState = components['schemas']['InstanceState'];
export type DeliveryKind = components['schemas']['DeliveryKind'];
export type DeliveryState = components['schemas']['DeliveryState'];
export type DeliveryStateFilter = components['schemas']['DeliveryStateFilter'];
export type ReadinessStatus = components['schemas']['ReadinessStatus'];
export type ProblemCode = components['schemas']['ProblemCode'];
export type Time = components['schemas']['Time'];
export type Sha256 = components['schemas']['Sha256'];
export type IdText = components['schemas']['IdText'];
export type OwnIdText = components['schemas']['OwnIdText'];
export type NewOwnIdText = components['schemas']['NewOwnIdText'];
export type NodeIdText = components['schemas']['NodeIdText'];
export type TargetText = components['schemas']['TargetText'];
export type StepKeyText = components['schemas']['StepKeyText'];
export type IdempotencyKeyText = components['schemas']['IdempotencyKeyText'];
export type CursorText = components['schemas']['CursorText'];
export type ShortText = components['schemas']['ShortText'];
export type LongText = components['schemas']['LongText'];
export type Url = components['schemas']['Url'];
export type HeaderText = components['schemas']['HeaderText'];
export type PathText = components['schemas']['PathText'];
export type EventStream = components['schemas']['EventStream'];
export type MetricsText = components['schemas']['MetricsText'];
export type Features = components['schemas']['Features'];
export type NewReasoner = components['schemas']['NewReasoner'];
export type NodeRegistration = components['schemas']['NodeRegistration'];
export type NodeRegistered = components['schemas']['NodeRegistered'];
export type InHand = components['schemas']['InHand'];
export type Heartbeat = components['schemas']['Heartbeat'];
export type HeartbeatReceipt = components['schemas']['HeartbeatReceipt'];
export type NodeShutdown = components['schemas']['NodeShutdown'];
export type Reasoner = components['schemas']['Reasoner'];
export type Instance = components['schemas']['Instance'];
export type Node = components['schemas']['Node'];
export type NodeList = components['schemas']['NodeList'];
export type ExecutionWebhook = components['schemas']['ExecutionWebhook'];
export type ExecuteRequest = components['schemas']['ExecuteRequest'];
export type EventHead = components['schemas']['EventHead'];
export type Execution = components['schemas']['Execution'];
export type ExecutionList = components['schemas']['ExecutionList'];
export type StatusReport = components['schemas']['StatusReport'];
export type Cancellation = components['schemas']['Cancellation'];
export type Note = components['schemas']['Note'];
export type StepRecord = components['schemas']['StepRecord'];
export type Step = components['schemas']['Step'];
export type StepList = components['schemas']['StepList'];
export type Principal = components['schemas']['Principal'];
export type NewEvent = components['schemas']['NewEvent'];
export type Event = components['schemas']['Event'];
export type EventList = components['schemas']['EventList'];
export type ApprovalRequest = components['schemas']['ApprovalRequest'];
export type ExecutionApprovalRequest = components['schemas']['ExecutionApprovalRequest'];
export type Approval = components['schemas']['Approval'];
export type ApprovalList = components['schemas']['ApprovalList'];
export type ApprovalState = components['schemas']['ApprovalState'];
export type NewDecision = components['schemas']['NewDecision'];
export type ReviewerClaim = components['schemas']['ReviewerClaim'];
export type ApprovalResponse = components['schemas']['ApprovalResponse'];
export type DecisionReceipt = components['schemas']['DecisionReceipt'];
export type Delivery = components['schemas']['Delivery'];
export type DeliveryList = components['schemas']['DeliveryList'];
export type DispatchInput = components['schemas']['DispatchInput'];
export type DispatchResult = components['schemas']['DispatchResult'];
export type DispatchReceipt = components['schemas']['DispatchReceipt'];
export type CancelNotice = components['schemas']['CancelNotice'];
export type ApprovalCallback = components['schemas']['ApprovalCallback'];
export type CallbackReceipt = components['schemas']['CallbackReceipt'];
export type ApprovalNotification = components['schemas']['ApprovalNotification'];
export type ExecutionNotification = components['schemas']['ExecutionNotification'];
export type Health = components['schemas']['Health'];
export type ReadinessCheck = components['schemas']['ReadinessCheck'];
export type Readiness = components['schemas']['Readiness'];
export type Candidate = components['schemas']['Candidate'];
export type ProblemError = components['schemas']['ProblemError'];
export type Problem = components['schemas']['Problem'];
export type ResponseBadRequest = components['responses']['BadRequest'];
export type ResponseBadParameter = components['responses']['BadParameter'];
export type ResponseUnauthorized = components['responses']['Unauthorized'];
export type ResponseInvalidSignature = components['responses']['InvalidSignature'];
export type ResponseForbidden = components['responses']['Forbidden'];
export type ResponseUntrustedOrigin = components['responses']['UntrustedOrigin'];
export type ResponseNotFound = components['responses']['NotFound'];
export type ResponseNotFoundYet = components['responses']['NotFoundYet'];
export type ResponseUnknownTarget = components['responses']['UnknownTarget'];
export type ResponseExecuteConflict = components['responses']['ExecuteConflict'];
export type ResponseAttemptConflict = components['responses']['AttemptConflict'];
export type ResponseStaleAttempt = components['responses']['StaleAttempt'];
export type ResponseExecutionFinished = components['responses']['ExecutionFinished'];
export type ResponseStepConflict = components['responses']['StepConflict'];
export type ResponseExecutionApprovalConflict = components['responses']['ExecutionApprovalConflict'];
export type ResponseRequestConflict = components['responses']['RequestConflict'];
export type ResponseAlreadyDecided = components['responses']['AlreadyDecided'];
export type ResponseResponseConflict = components['responses']['ResponseConflict'];
export type ResponseDeliveryNotRetryable = components['responses']['DeliveryNotRetryable'];
export type ResponseBodyTooLarge = components['responses']['BodyTooLarge'];
export type ResponseUnsupportedMediaType = components['responses']['UnsupportedMediaType'];
export type ResponseInvalidBaseUrl = components['responses']['InvalidBaseUrl'];
export type ResponseInvalidCallbackUrl = components['responses']['InvalidCallbackUrl'];
export type ResponseInvalidCursor = components['responses']['InvalidCursor'];
export type ResponseExecuteRefused = components['responses']['ExecuteRefused'];
export type ResponseUnavailable = components['responses']['Unavailable'];
export type ResponseWebhookUnavailable = components['responses']['WebhookUnavailable'];
export type ParameterNodeId = components['parameters']['NodeId'];
export type ParameterTarget = components['parameters']['Target'];
export type ParameterExecutionId = components['parameters']['ExecutionId'];
export type ParameterStepKey = components['parameters']['StepKey'];
export type ParameterApprovalId = components['parameters']['ApprovalId'];
export type ParameterDeliveryId = components['parameters']['DeliveryId'];
export type ParameterLimit = components['parameters']['Limit'];
export type ParameterCursor = components['parameters']['Cursor'];
export type ParameterWaitSeconds = components['parameters']['WaitSeconds'];
export type ParameterIdempotencyKey = components['parameters']['IdempotencyKey'];
export type ParameterParentExecutionId = components['parameters']['ParentExecutionId'];
export type HeaderLocation = components['headers']['Location'];
export type HeaderRetryAfter = components['headers']['RetryAfter'];
export type HeaderWwwAuthenticate = components['headers']['WwwAuthenticate'];
export type $defs = Record<string, never>;
export interface operations {
    registerNode: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NodeRegistration"];
            };
        };
        responses: {
            /** @description The node was known; this instance is registered. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NodeRegistered"];
                };
            };
            /** @description The node is new; this instance is registered. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NodeRegistered"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidBaseUrl"];
            503: components["responses"]["Unavailable"];
        };
    };
    heartbeatNode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The node. */
                node_id: components["parameters"]["NodeId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Heartbeat"];
            };
        };
        responses: {
            /** @description Leases are renewed. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeartbeatReceipt"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            503: components["responses"]["Unavailable"];
        };
    };
    shutdownNode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The node. */
                node_id: components["parameters"]["NodeId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NodeShutdown"];
            };
        };
        responses: {
            /** @description The instance is draining. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Node"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            503: components["responses"]["Unavailable"];
        };
    };
    listNodes: {
        parameters: {
            query?: {
                /** @description Rows on the page. */
                limit?: components["parameters"]["Limit"];
                /** @description `next_cursor` of the page before, for the same list and filters. */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of nodes, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NodeList"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["InvalidCursor"];
            503: components["responses"]["Unavailable"];
        };
    };
    getNode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The node. */
                node_id: components["parameters"]["NodeId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The node. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Node"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            503: components["responses"]["Unavailable"];
        };
    };
    execute: {
        parameters: {
            query?: {
                /**
                 * @description Seconds to wait for the end, 0–600. Default 90.
                 * @example 0.1
                 */
                wait_seconds?: number;
            };
            header?: {
                /** @description Makes a repeat safe, for 24 h or while the execution is unfinished; see `executeAsync`. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The attempt id of the execution that makes this call. Agents must give it. */
                "X-Parent-Execution-ID"?: components["parameters"]["ParentExecutionId"];
            };
            path: {
                /** @description `{node_id}.{reasoner}`, parted at the first dot. */
                target: components["parameters"]["Target"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExecuteRequest"];
            };
        };
        responses: {
            /** @description Finished; `status` says how. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Execution"];
                };
            };
            /** @description Not finished yet. */
            202: {
                headers: {
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Execution"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UnknownTarget"];
            409: components["responses"]["ExecuteConflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["ExecuteRefused"];
            503: components["responses"]["Unavailable"];
        };
    };
    executeAsync: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat safe, for 24 h or while the execution is unfinished; see `executeAsync`. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description The attempt id of the execution that makes this call. Agents must give it. */
                "X-Parent-Execution-ID"?: components["parameters"]["ParentExecutionId"];
            };
            path: {
                /** @description `{node_id}.{reasoner}`, parted at the first dot. */
                target: components["parameters"]["Target"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExecuteRequest"];
            };
        };
        responses: {
            /** @description Stored. Also the answer to a repeat, with the present state. */
            202: {
                headers: {
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Execution"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UnknownTarget"];
            409: components["responses"]["ExecuteConflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["ExecuteRefused"];
            503: components["responses"]["Unavailable"];
        };
    };
    listExecutions: {
        parameters: {
            query?: {
                /** @description Rows on the page. */
                limit?: components["parameters"]["Limit"];
                /** @description `next_cursor` of the page before, for the same list and filters. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Only executions in this status. */
                status?: components["schemas"]["ExecutionStatusFilter"];
                /** @description Only executions of this node. */
                node_id?: components["schemas"]["NodeIdText"];
                /** @description Only executions of this run (a tree). */
                run_id?: components["schemas"]["IdText"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of executions, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutionList"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["InvalidCursor"];
            503: components["responses"]["Unavailable"];
        };
    };
    getExecution: {
        parameters: {
            query?: {
                /**
                 * @description Hold the answer up to this many seconds, 0–60. A stopping server answers with the present state.
                 * @example 0.1
                 */
                wait_seconds?: components["parameters"]["WaitSeconds"];
            };
            header?: never;
            path: {
                /** @description The execution; from its agent, the attempt id. */
                execution_id: components["parameters"]["ExecutionId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The execution; with `wait_seconds`, once it is finished or the wait is over. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Execution"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            503: components["responses"]["Unavailable"];
        };
    };
    reportExecutionStatus: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The execution; from its agent, the attempt id. */
                execution_id: components["parameters"]["ExecutionId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StatusReport"];
            };
        };
        responses: {
            /** @description Stored, or known before; the execution as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Execution"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["AttemptConflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            503: components["responses"]["Unavailable"];
        };
    };
    cancelExecution: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The execution; from its agent, the attempt id. */
                execution_id: components["parameters"]["ExecutionId"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Cancellation"];
            };
        };
        responses: {
            /** @description Cancelled. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Execution"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["ExecutionFinished"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            503: components["responses"]["Unavailable"];
        };
    };
    addNote: {
        parameters: {
            query?: never;
            header: {
                /** @description The attempt id. */
                "X-Execution-ID": components["schemas"]["IdText"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Note"];
            };
        };
        responses: {
            /** @description The note, as an event of type `note`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["StaleAttempt"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            503: components["responses"]["Unavailable"];
        };
    };
    recordStep: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The execution; from its agent, the attempt id. */
                execution_id: components["parameters"]["ExecutionId"];
                /** @description The key of the step. */
                step_key: components["parameters"]["StepKey"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StepRecord"];
            };
        };
        responses: {
            /** @description Recorded before; the stored step. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Step"];
                };
            };
            /** @description Recorded. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Step"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["StepConflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            503: components["responses"]["Unavailable"];
        };
    };
    listSteps: {
        parameters: {
            query?: {
                /** @description Rows on the page. */
                limit?: components["parameters"]["Limit"];
                /** @description `next_cursor` of the page before, for the same list and filters. */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: never;
            path: {
                /** @description The execution; from its agent, the attempt id. */
                execution_id: components["parameters"]["ExecutionId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of steps, oldest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StepList"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["InvalidCursor"];
            503: components["responses"]["Unavailable"];
        };
    };
    listExecutionEvents: {
        parameters: {
            query?: {
                /** @description Rows on the page. */
                limit?: components["parameters"]["Limit"];
                /** @description `next_cursor` of the page before, for the same list and filters. */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: never;
            path: {
                /** @description The execution; from its agent, the attempt id. */
                execution_id: components["parameters"]["ExecutionId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of events, oldest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventList"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["InvalidCursor"];
            503: components["responses"]["Unavailable"];
        };
    };
    appendExecutionEvent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The execution; from its agent, the attempt id. */
                execution_id: components["parameters"]["ExecutionId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewEvent"];
            };
        };
        responses: {
            /** @description Known by its `key`; the first event. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"];
                };
            };
            /** @description Appended. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["AttemptConflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            503: components["responses"]["Unavailable"];
        };
    };
    streamExecutionEvents: {
        parameters: {
            query?: never;
            header?: {
                /** @description The seq of the last event that was seen. */
                "Last-Event-ID"?: number;
            };
            path: {
                /** @description The execution; from its agent, the attempt id. */
                execution_id: components["parameters"]["ExecutionId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The events after `Last-Event-ID`, then new ones as they come. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["EventStream"];
                };
            };
            /** @description The execution is finished and there is nothing after `Last-Event-ID`. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            503: components["responses"]["Unavailable"];
        };
    };
    requestExecutionApproval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The node. */
                node_id: components["parameters"]["NodeId"];
                /** @description The execution; from its agent, the attempt id. */
                execution_id: components["parameters"]["ExecutionId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExecutionApprovalRequest"];
            };
        };
        responses: {
            /** @description The request. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["ExecutionApprovalConflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidCallbackUrl"];
            503: components["responses"]["Unavailable"];
        };
    };
    getExecutionApprovalStatus: {
        parameters: {
            query?: {
                /** @description The caller's own id. */
                approval_request_id?: components["schemas"]["OwnIdText"];
            };
            header?: never;
            path: {
                /** @description The node. */
                node_id: components["parameters"]["NodeId"];
                /** @description The execution; from its agent, the attempt id. */
                execution_id: components["parameters"]["ExecutionId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its state. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalState"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            503: components["responses"]["Unavailable"];
        };
    };
    listApprovalRequests: {
        parameters: {
            query?: {
                /** @description Rows on the page. */
                limit?: components["parameters"]["Limit"];
                /** @description `next_cursor` of the page before, for the same list and filters. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Only requests under this own id. */
                approval_request_id?: components["schemas"]["OwnIdText"];
                /** @description Only requests of this execution; `none` for standalone ones. */
                execution_id?: components["schemas"]["IdText"];
                /** @description Only requests in this status. */
                status?: components["schemas"]["ApprovalStatusFilter"];
                /** @description Only requests of this node. */
                node_id?: components["schemas"]["NodeIdText"];
                /** @description Only requests decided by the reviewer with this id. */
                reviewer?: components["schemas"]["ShortText"];
                /** @description Only requests decided at or after this time. */
                decided_after?: components["schemas"]["Time"];
                /** @description Only requests decided before this time. */
                decided_before?: components["schemas"]["Time"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of requests, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalList"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["InvalidCursor"];
            503: components["responses"]["Unavailable"];
        };
    };
    createApprovalRequest: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApprovalRequest"];
            };
        };
        responses: {
            /** @description Asked before with the same content; the request as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            /** @description Stored. */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["RequestConflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            503: components["responses"]["Unavailable"];
        };
    };
    getApprovalRequest: {
        parameters: {
            query?: {
                /**
                 * @description Hold the answer up to this many seconds, 0–60. A stopping server answers with the present state.
                 * @example 0.1
                 */
                wait_seconds?: components["parameters"]["WaitSeconds"];
            };
            header?: never;
            path: {
                /** @description The request's `apr_` id. */
                id: components["parameters"]["ApprovalId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The request; with `wait_seconds`, once it is no longer pending or the wait is over. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            503: components["responses"]["Unavailable"];
        };
    };
    listApprovalRequestEvents: {
        parameters: {
            query?: {
                /** @description Rows on the page. */
                limit?: components["parameters"]["Limit"];
                /** @description `next_cursor` of the page before, for the same list and filters. */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: never;
            path: {
                /** @description The request's `apr_` id. */
                id: components["parameters"]["ApprovalId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of events, oldest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventList"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["InvalidCursor"];
            503: components["responses"]["Unavailable"];
        };
    };
    decideApprovalRequest: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The request's `apr_` id. */
                id: components["parameters"]["ApprovalId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewDecision"];
            };
        };
        responses: {
            /** @description Decided, now or before. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DecisionReceipt"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["AlreadyDecided"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            503: components["responses"]["Unavailable"];
        };
    };
    cancelApprovalRequest: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The request's `apr_` id. */
                id: components["parameters"]["ApprovalId"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Cancellation"];
            };
        };
        responses: {
            /** @description Withdrawn. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["AlreadyDecided"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            503: components["responses"]["Unavailable"];
        };
    };
    receiveApprovalResponse: {
        parameters: {
            query?: never;
            header?: {
                /** @description `sha256=` and 64 hex digits. */
                "X-Webhook-Signature"?: components["schemas"]["HeaderText"];
                /** @description Standard Webhooks message id. */
                "webhook-id"?: components["schemas"]["HeaderText"];
                /** @description Seconds since 1970, at most 300 s off. */
                "webhook-timestamp"?: components["schemas"]["HeaderText"];
                /** @description `v1,` and base64; several separated by spaces. */
                "webhook-signature"?: components["schemas"]["HeaderText"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApprovalResponse"];
            };
        };
        responses: {
            /** @description Decided, now or before. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DecisionReceipt"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["InvalidSignature"];
            403: components["responses"]["UntrustedOrigin"];
            404: components["responses"]["NotFoundYet"];
            409: components["responses"]["ResponseConflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            503: components["responses"]["WebhookUnavailable"];
        };
    };
    listDeliveries: {
        parameters: {
            query?: {
                /** @description Rows on the page. */
                limit?: components["parameters"]["Limit"];
                /** @description `next_cursor` of the page before, for the same list and filters. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Only deliveries in this state. */
                state?: components["schemas"]["DeliveryStateFilter"];
                /** @description Only deliveries about this execution. */
                execution_id?: components["schemas"]["IdText"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of deliveries, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryList"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["InvalidCursor"];
            503: components["responses"]["Unavailable"];
        };
    };
    retryDelivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The delivery's `msg_` id. */
                id: components["parameters"]["DeliveryId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Due now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["DeliveryNotRetryable"];
            503: components["responses"]["Unavailable"];
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It does. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            400: components["responses"]["BadParameter"];
            403: components["responses"]["UntrustedOrigin"];
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The store can be read and written. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            400: components["responses"]["BadParameter"];
            403: components["responses"]["UntrustedOrigin"];
            503: components["responses"]["Unavailable"];
        };
    };
    getOpenapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The contract. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/yaml": {
                        [key: string]: unknown;
                    };
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            503: components["responses"]["Unavailable"];
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The metrics. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": components["schemas"]["MetricsText"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            503: components["responses"]["Unavailable"];
        };
    };
    dispatchExecution: {
        parameters: {
            query?: never;
            header: {
                /** @description The attempt id. */
                "X-Execution-ID": components["schemas"]["IdText"];
                /** @description The run that the execution belongs to. */
                "X-Run-ID": components["schemas"]["IdText"];
                /** @description Equal to `X-Run-ID`. */
                "X-Workflow-ID": components["schemas"]["IdText"];
                /** @description The execution that called this one. */
                "X-Parent-Execution-ID"?: components["schemas"]["IdText"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DispatchInput"];
            };
        };
        responses: {
            /** @description Done; the body is the result. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DispatchResult"];
                };
            };
            /** @description In hand; a report follows. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DispatchReceipt"];
                };
            };
            /** @description The input is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The signature is missing, wrong or stale. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description There is no such reasoner in this instance. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The input does not fit the reasoner. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Too much in hand; later. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Shutting down; elsewhere or later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    cancelAgentExecution: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CancelNotice"];
            };
        };
        responses: {
            /** @description It is stopping or was not there. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The body is no notice, or names another execution than the path, which is not signed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The signature is missing, wrong or stale. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It is not in hand. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    approvalCallback: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApprovalCallback"];
            };
        };
        responses: {
            /** @description Received. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallbackReceipt"];
                };
            };
            /** @description The body is no callback. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The signature is missing, wrong or stale. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    notifyApprovalRequested: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApprovalNotification"];
            };
        };
        responses: {
            /** @description Received. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    notifyApprovalDecided: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApprovalNotification"];
            };
        };
        responses: {
            /** @description Received. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    notifyApprovalExpired: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApprovalNotification"];
            };
        };
        responses: {
            /** @description Received. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    notifyApprovalCancelled: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApprovalNotification"];
            };
        };
        responses: {
            /** @description Received. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    notifyExecutionFinished: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExecutionNotification"];
            };
        };
        responses: {
            /** @description Received. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
}
