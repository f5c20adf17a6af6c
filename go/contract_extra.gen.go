// Code generated from openapi.yaml by tools/generate.py; DO NOT EDIT.

package signoff

// MarshalJSON writes Extra, too.
func (m NodeRegistered) MarshalJSON() ([]byte, error) {
	type plain NodeRegistered
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *NodeRegistered) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m HeartbeatReceipt) MarshalJSON() ([]byte, error) {
	type plain HeartbeatReceipt
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *HeartbeatReceipt) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m Reasoner) MarshalJSON() ([]byte, error) {
	type plain Reasoner
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *Reasoner) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m Instance) MarshalJSON() ([]byte, error) {
	type plain Instance
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *Instance) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m Node) MarshalJSON() ([]byte, error) {
	type plain Node
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *Node) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m NodeList) MarshalJSON() ([]byte, error) {
	type plain NodeList
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *NodeList) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m EventHead) MarshalJSON() ([]byte, error) {
	type plain EventHead
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *EventHead) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m Execution) MarshalJSON() ([]byte, error) {
	type plain Execution
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *Execution) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m ExecutionList) MarshalJSON() ([]byte, error) {
	type plain ExecutionList
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *ExecutionList) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m Step) MarshalJSON() ([]byte, error) {
	type plain Step
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *Step) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m StepList) MarshalJSON() ([]byte, error) {
	type plain StepList
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *StepList) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m Principal) MarshalJSON() ([]byte, error) {
	type plain Principal
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *Principal) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m Event) MarshalJSON() ([]byte, error) {
	type plain Event
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *Event) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m EventList) MarshalJSON() ([]byte, error) {
	type plain EventList
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *EventList) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m Approval) MarshalJSON() ([]byte, error) {
	type plain Approval
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *Approval) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m ApprovalList) MarshalJSON() ([]byte, error) {
	type plain ApprovalList
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *ApprovalList) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m ApprovalState) MarshalJSON() ([]byte, error) {
	type plain ApprovalState
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *ApprovalState) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m DecisionReceipt) MarshalJSON() ([]byte, error) {
	type plain DecisionReceipt
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *DecisionReceipt) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m Delivery) MarshalJSON() ([]byte, error) {
	type plain Delivery
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *Delivery) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m DeliveryList) MarshalJSON() ([]byte, error) {
	type plain DeliveryList
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *DeliveryList) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m CancelNotice) MarshalJSON() ([]byte, error) {
	type plain CancelNotice
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *CancelNotice) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m ApprovalCallback) MarshalJSON() ([]byte, error) {
	type plain ApprovalCallback
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *ApprovalCallback) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m ApprovalNotification) MarshalJSON() ([]byte, error) {
	type plain ApprovalNotification
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *ApprovalNotification) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m ExecutionNotification) MarshalJSON() ([]byte, error) {
	type plain ExecutionNotification
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *ExecutionNotification) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m Health) MarshalJSON() ([]byte, error) {
	type plain Health
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *Health) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m ReadinessCheck) MarshalJSON() ([]byte, error) {
	type plain ReadinessCheck
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *ReadinessCheck) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m Readiness) MarshalJSON() ([]byte, error) {
	type plain Readiness
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *Readiness) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m Candidate) MarshalJSON() ([]byte, error) {
	type plain Candidate
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *Candidate) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m ProblemError) MarshalJSON() ([]byte, error) {
	type plain ProblemError
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *ProblemError) UnmarshalJSON(text []byte) error { return decode(text, m) }

// MarshalJSON writes Extra, too.
func (m Problem) MarshalJSON() ([]byte, error) {
	type plain Problem
	return withExtra(plain(m), m.Extra)
}

// UnmarshalJSON keeps what it does not know in Extra.
func (m *Problem) UnmarshalJSON(text []byte) error { return decode(text, m) }
