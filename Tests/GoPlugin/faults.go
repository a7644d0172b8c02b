package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"example.com/goplugin/generated"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// fault is an error that knows where in the program it came from.
type fault struct {
	code   codes.Code
	reason string
	frames []*generated.StackFrame
}

func (f *fault) Error() string { return f.reason }

// fail makes an error without a code, as nearly all errors of plugins for Velero are.
func fail(format string, arguments ...any) error {
	return newFault(codes.Unknown, fmt.Sprintf(format, arguments...))
}

// missing makes an error about something that does not exist.
func missing(format string, arguments ...any) error {
	return newFault(codes.NotFound, fmt.Sprintf(format, arguments...))
}

// newFault skips itself and the function that calls it.
func newFault(code codes.Code, reason string) *fault {
	callers := make([]uintptr, 16)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)])
	f := &fault{code: code, reason: reason}
	for {
		frame, more := frames.Next()
		f.frames = append(f.frames, &generated.StackFrame{
			File: frame.File, Line: int32(frame.Line), Function: frame.Function,
		})
		if !more {
			return f
		}
	}
}

// tell puts an error, or a panic, into the form in which Velero's plugins send it: a status with a Stack among its
// details. It is deferred by every method of a service.
func tell(err *error) {
	if panicked := recover(); panicked != nil {
		*err = newFault(codes.Unknown, fmt.Sprintf("plugin panicked: %v", panicked))
	}
	if *err == nil {
		return
	}
	var f *fault
	if !errors.As(*err, &f) {
		code := codes.Unknown
		if errors.Is(*err, os.ErrNotExist) {
			code = codes.NotFound
		}
		f = &fault{code: code, reason: (*err).Error()}
	}
	detailed, failure := status.New(f.code, f.reason).WithDetails(&generated.Stack{Frames: f.frames})
	if failure != nil {
		detailed = status.New(f.code, f.reason)
	}
	*err = detailed.Err()
}
