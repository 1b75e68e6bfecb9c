package main

import (
	"errors"
	"fmt"
	"strings"
)

// exitCode is what a fleet command ends with. As an error it says that all there
// is to say was printed, and only the code is left.
type exitCode int

const (
	exitOK          exitCode = 0
	exitUsage       exitCode = 1
	exitFailed      exitCode = 2
	exitUnreachable exitCode = 4
	exitInterrupted exitCode = 130
)

// exitCodes is the table that --help shows.
var exitCodes = []struct {
	code    exitCode
	meaning string
}{
	{exitOK, "all went well"},
	{exitUsage, "a mistake in the command, the playbook or the inventory"},
	{exitFailed, "a host failed, and all were reached"},
	{exitUnreachable, "a host was unreachable, whether or not another failed"},
	{exitInterrupted, "interrupted: Ctrl-C, SIGTERM, or the terminal was closed"},
}

func exitHelp() string {
	var b strings.Builder
	for _, row := range exitCodes {
		fmt.Fprintf(&b, "  %-4d %s\n", row.code, row.meaning)
	}
	return strings.TrimRight(b.String(), "\n")
}

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// codeOf returns the exit code that an error stands for.
func codeOf(err error) exitCode {
	var code exitCode
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return code
	}
	return exitUsage
}
