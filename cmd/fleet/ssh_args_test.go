package main

import (
	"reflect"
	"testing"

	"fleet/internal/ssh"
)

func TestSSHArgs(t *testing.T) {
	for args, want := range map[string]ssh.Options{
		`-F "my ssh.cfg" -l me -p 22 -J gate`:                          {ConfigFile: "my ssh.cfg", ProxyJump: "gate", Config: []string{"User me", "Port 22"}},
		`-C -o ControlMaster=auto -o IdentitiesOnly=yes`:               {Config: []string{"IdentitiesOnly yes"}},
		`-oGlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=no`: {Config: []string{"GlobalKnownHostsFile /dev/null"}, HostKeyChecking: ssh.Off},
	} {
		var got ssh.Options
		if err := sshArgs(&got, args); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v", args, got, err)
		}
	}
}
