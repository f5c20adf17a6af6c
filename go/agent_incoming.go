package signoff

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"
)

// agentBodyLimit is that of the contract.
const agentBodyLimit = 1 << 20

// ServeHTTP answers the control plane: dispatches, decisions, cancellations. Nothing is parsed before
// the signature is known to be the server's. GET /health is for people.
//
// Mounted below a path, it has to be given what is below it, as by [http.StripPrefix].
func (a *Agent) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	path := strings.Trim(request.URL.Path, "/")
	switch {
	case request.Method == http.MethodGet && path == "health":
		reply(writer, http.StatusOK, map[string]string{"status": "ok", "node_id": a.nodeID, "version": a.settings.version})
		return
	case request.Method != http.MethodPost:
		writer.Header().Set("Allow", "POST")
		refused(writer, http.StatusMethodNotAllowed, ProblemCodeMethodNotAllowed, "an agent answers POST, and GET /health")
		return
	}
	life := a.life.Load()
	if life == nil {
		refused(writer, http.StatusServiceUnavailable, "not_running", ErrAgentNotRunning.Error())
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(writer, request.Body, agentBodyLimit))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			refused(writer, http.StatusRequestEntityTooLarge, ProblemCodeBodyTooLarge, fmt.Sprintf("a body may have %d bytes", agentBodyLimit))
			return
		}
		refused(writer, http.StatusBadRequest, ProblemCodeInvalidRequest, "the body was not sent whole")
		return
	}
	life.receive(writer, request, path, body)
}

func (l *lifetime) receive(writer http.ResponseWriter, request *http.Request, path string, body []byte) {
	secret := l.secret.Load()
	if secret == nil {
		refused(writer, http.StatusServiceUnavailable, "not_registered", "this agent has not registered yet")
		return
	}
	verified, err := VerifyWebhook(request.Header, body, []string{*secret}, l.client.clock.Now())
	if err != nil {
		l.agent.settings.log.Warn("signoff: refused a request", "path", request.URL.Path, "error", err)
		refused(writer, http.StatusUnauthorized, ProblemCodeInvalidSignature, err.Error())
		return
	}
	parts := strings.Split(path, "/")
	switch {
	case len(parts) == 2 && parts[0] == "reasoners":
		l.dispatched(writer, request, parts[1], body, verified.ID)
	case path == "webhooks/approval":
		l.decided(writer, body)
	case len(parts) == 4 && parts[0] == "_internal" && parts[1] == "executions" && parts[3] == "cancel":
		l.cancelled(writer, parts[2], body)
	default:
		refused(writer, http.StatusNotFound, ProblemCodeNotFound, "there is nothing at /"+path)
	}
}

// dispatched starts an attempt, once however often it is sent.
func (l *lifetime) dispatched(writer http.ResponseWriter, request *http.Request, name string, body []byte, signedID string) {
	attemptID, there, err := single(request.Header, "X-Execution-Id")
	if err != nil || !there || attemptID == "" {
		refused(writer, http.StatusBadRequest, ProblemCodeInvalidRequest, "X-Execution-ID must be there once")
		return
	}
	if attemptID != signedID {
		// The header is not signed, the message id is: so one signature is for one attempt.
		refused(writer, http.StatusUnauthorized, ProblemCodeInvalidSignature, "webhook-id is not X-Execution-ID")
		return
	}
	receipt := &DispatchReceipt{Status: "processing", ExecutionID: attemptID}
	if l.hand.knows(attemptID) {
		reply(writer, http.StatusAccepted, receipt)
		return
	}
	if l.hand.isClosed() {
		shuttingDown(writer)
		return
	}
	if most := l.agent.settings.maxRunning; most > 0 && l.hand.running() >= most {
		refused(writer, http.StatusTooManyRequests, "busy", fmt.Sprintf("this agent runs %d at a time", most))
		return
	}
	offered := l.agent.reasoners[name]
	if offered == nil {
		refused(writer, http.StatusNotFound, ProblemCodeNotFound, l.told.ID+" has no reasoner "+name)
		return
	}
	if !utf8.Valid(body) || !json.Valid(body) {
		refused(writer, http.StatusBadRequest, ProblemCodeInvalidJSON, "the input is no JSON")
		return
	}
	work, faults := offered.read(body)
	if len(faults) > 0 {
		refused(writer, http.StatusUnprocessableEntity, ProblemCodeInvalidInput, fmt.Sprintf("%s: %s", orRoot(faults[0].Pointer), faults[0].Detail), faults...)
		return
	}
	if !l.hand.start(newAttempt(l, attemptID, request.Header.Get("X-Run-Id")), work) {
		shuttingDown(writer)
		return
	}
	reply(writer, http.StatusAccepted, receipt)
}

func shuttingDown(writer http.ResponseWriter) {
	refused(writer, http.StatusServiceUnavailable, ProblemCodeShuttingDown, "this agent is shutting down")
}

// decided hands a decision to the run that waits for it.
func (l *lifetime) decided(writer http.ResponseWriter, body []byte) {
	callback := new(ApprovalCallback)
	if err := decode(body, callback); err != nil {
		refused(writer, http.StatusBadRequest, ProblemCodeInvalidRequest, "not a callback: "+err.Error())
		return
	}
	resolved := false
	// What is being handed over hears it in its next attempt.
	if a := l.hand.get(callback.ExecutionID); a != nil && a.ended() == nil {
		resolved = a.waiters.answer(resultOfCallback(callback))
	}
	reply(writer, http.StatusOK, &CallbackReceipt{Status: "received", Resolved: resolved})
}

// cancelled stops an attempt. The path is not signed, the body is: it must name the same attempt.
func (l *lifetime) cancelled(writer http.ResponseWriter, attemptID string, body []byte) {
	notice := new(CancelNotice)
	if err := decode(body, notice); err != nil {
		refused(writer, http.StatusBadRequest, ProblemCodeInvalidRequest, "not a notice: "+err.Error())
		return
	}
	if notice.ExecutionID != attemptID {
		refused(writer, http.StatusBadRequest, ProblemCodeInvalidRequest, "the body names another execution")
		return
	}
	a := l.hand.get(attemptID)
	if a == nil {
		refused(writer, http.StatusNotFound, ProblemCodeNotFound, attemptID+" is not in hand")
		return
	}
	a.end(ReportedStatusCancelled, "cancelled by the control plane")
	reply(writer, http.StatusOK, map[string]string{"status": "cancelling", "execution_id": attemptID})
}

func resultOfCallback(callback *ApprovalCallback) *ApprovalResult {
	result := &ApprovalResult{
		Decision:          callback.Decision,
		Response:          callback.Response,
		Reviewer:          callback.Reviewer,
		ID:                callback.ID,
		ApprovalRequestID: callback.ApprovalRequestID,
		EventHead:         callback.EventHead,
	}
	if callback.Feedback != nil {
		result.Feedback = *callback.Feedback
	}
	return result
}

func reply(writer http.ResponseWriter, status int, body any) {
	writer.Header().Set("Content-Type", "application/json")
	writer.WriteHeader(status)
	// The sender may be gone; it asks again.
	_ = json.NewEncoder(writer).Encode(body)
}

// refused answers with a problem, as the contract's errors look.
func refused(writer http.ResponseWriter, status int, code ProblemCode, detail string, faults ...ProblemError) {
	writer.Header().Set("Content-Type", "application/problem+json")
	writer.WriteHeader(status)
	_ = json.NewEncoder(writer).Encode(&Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: int64(status), Code: code, Detail: detail, Errors: faults,
	})
}
