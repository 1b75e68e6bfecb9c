package main

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"fleet/internal/source"
	"fleet/internal/ssh"
)

// sshArgs takes what it knows from arguments that are written for the ssh program.
func sshArgs(o *ssh.Options, args string) error {
	words, err := shellWords(args)
	if err != nil {
		return err
	}
	for len(words) > 0 {
		flag, value := words[0], ""
		words = words[1:]
		switch {
		case flag == "-C" || flag == "-q" || flag == "-4" || flag == "-6" || flag == "-A" || flag == "-T":
			continue
		case len(flag) < 2 || !strings.ContainsRune("FJilop", rune(flag[1])):
			return sshFlag(o, flag, "")
		case len(flag) > 2 && strings.HasPrefix(flag, "-"):
			flag, value = flag[:2], flag[2:]
		case len(words) == 0:
			return fmt.Errorf("%s needs a value", flag)
		default:
			value, words = words[0], words[1:]
		}
		if err := sshFlag(o, flag, value); err != nil {
			return err
		}
	}
	return nil
}

func sshFlag(o *ssh.Options, flag, value string) error {
	switch flag {
	case "-J":
		o.ProxyJump = value
	case "-i":
		o.KeyFiles = append(o.KeyFiles, value)
	case "-F":
		o.ConfigFile = value
	case "-l":
		return sshOption(o, "User", value)
	case "-p":
		return sshOption(o, "Port", value)
	case "-o":
		key, v, found := strings.Cut(value, "=")
		if !found {
			key, v, _ = strings.Cut(value, " ")
		}
		return sshOption(o, strings.TrimSpace(key), strings.Trim(strings.TrimSpace(v), `"`))
	default:
		return source.Errorf(source.Pos{}, "the argument %s of ssh is not supported", flag).WithHint("fleet takes -F, -i, -J, -l, -o and -p")
	}
	return nil
}

func sshOption(o *ssh.Options, key, value string) error {
	switch strings.ToLower(key) {
	case "proxyjump":
		o.ProxyJump = value
	case "proxycommand":
		o.ProxyCommand = value
	case "identityfile":
		o.KeyFiles = append(o.KeyFiles, value)
	case "userknownhostsfile":
		o.KnownHosts = strings.Fields(value)
	case "stricthostkeychecking":
		switch strings.ToLower(value) {
		case "no", "off":
			o.HostKeyChecking = ssh.Off
		case "yes":
			o.HostKeyChecking = ssh.Strict
		default:
			o.HostKeyChecking = ssh.AcceptNew
		}
	case "connecttimeout":
		d, err := time.ParseDuration(value + "s")
		if err != nil {
			return fmt.Errorf("ConnectTimeout: %q is no number of seconds", value)
		}
		o.ConnectTimeout = d
	case "serveralivecountmax":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 {
			return fmt.Errorf("ServerAliveCountMax: %q is no number from 1", value)
		}
		o.KeepAliveMisses = n
	case "serveraliveinterval":
		d, err := time.ParseDuration(value + "s")
		if err != nil {
			return fmt.Errorf("ServerAliveInterval: %q is no number of seconds", value)
		}
		o.KeepAlive = d
	case "controlmaster", "controlpersist", "controlpath", "preferredauthentications", "forwardagent",
		"loglevel", "compression", "addkeystoagent", "gssapiauthentication":
		// They change nothing here: fleet keeps one connection a host anyway.
	default:
		if !ssh.Honours(key) {
			hint := cmp.Or(source.DidYouMean(key, ssh.Keywords()), "fleet takes "+strings.Join(ssh.Keywords(), ", "))
			return source.Errorf(source.Pos{}, "the option %s of ssh is not supported", key).WithHint("%s", hint)
		}
		o.Config = append(o.Config, key+" "+value)
	}
	return nil
}

// shellWords splits a line at blanks, outside of quotes.
func shellWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	quote, inWord := rune(0), false
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, inWord = r, true
		case quote == 0 && (r == ' ' || r == '\t'):
			if inWord {
				words = append(words, word.String())
				word.Reset()
			}
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote is not closed in %q", line)
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}
