module github.com/signoff-dev/signoff/go

go 1.25
