module relay

go 1.25

require github.com/signoff-dev/signoff/go v0.0.0

replace github.com/signoff-dev/signoff/go => ../../../../../go
