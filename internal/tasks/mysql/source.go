package mysql

import (
	"fmt"
	"strconv"
	"strings"
)

// sourceArgs say where a replica takes its changes from.
type sourceArgs struct {
	// The host of the server that the changes come from.
	PrimaryHost *string `arg:"primary_host" alias:"master_host"`
	// Its port.
	PrimaryPort *int `arg:"primary_port" alias:"master_port"`
	// Whom the replica logs in as there.
	PrimaryUser *string `arg:"primary_user" alias:"master_user"`
	// Their password.
	PrimaryPassword *string `arg:"primary_password,secret" alias:"master_password"`
	// How many seconds lie between two attempts to reach it.
	PrimaryConnectRetry *int `arg:"primary_connect_retry" alias:"master_connect_retry"`
	// The file of its log to begin with.
	PrimaryLogFile *string `arg:"primary_log_file" alias:"master_log_file"`
	// The place in that file.
	PrimaryLogPos *int `arg:"primary_log_pos" alias:"master_log_pos"`
	// How many seconds the replica stays behind.
	PrimaryDelay *int `arg:"primary_delay" alias:"master_delay"`
	// The replica's own log to go on with.
	RelayLogFile *string `arg:"relay_log_file"`
	// The place in that file.
	RelayLogPos *int `arg:"relay_log_pos"`
	// Whether the connection is encrypted.
	PrimarySSL *bool `arg:"primary_ssl" alias:"master_ssl"`
	// The authority that signed the source's certificate: a file.
	PrimarySSLCA *string `arg:"primary_ssl_ca" alias:"master_ssl_ca"`
	// A folder of such files.
	PrimarySSLCAPath *string `arg:"primary_ssl_capath" alias:"master_ssl_capath"`
	// The replica's own certificate.
	PrimarySSLCert *string `arg:"primary_ssl_cert" alias:"master_ssl_cert"`
	// The key of that certificate.
	PrimarySSLKey *string `arg:"primary_ssl_key" alias:"master_ssl_key"`
	// The ciphers that may be used, parted by colons.
	PrimarySSLCipher *string `arg:"primary_ssl_cipher" alias:"master_ssl_cipher"`
	// Whether the source's certificate has to have its name.
	PrimarySSLVerify bool `arg:"primary_ssl_verify_server_cert"`
	// Lets a MySQL go by transaction identifiers in place of files and places.
	PrimaryAutoPosition bool `arg:"primary_auto_position" alias:"master_auto_position"`
	// Lets a MariaDB go by transaction identifiers: from its own last one, from the
	// last one that was replicated, or not.
	PrimaryUseGTID string `arg:"primary_use_gtid" alias:"master_use_gtid" choices:"current_pos,replica_pos,disabled"`
}

// settingsOf returns what is said of the source as SQL, and the same to be shown.
func (c *conn) settingsOf(a *sourceArgs) (settings, shown []string) {
	side := "MASTER_"
	if c.saysSource() {
		side = "SOURCE_"
	}
	put := func(name, value string) {
		settings, shown = append(settings, name+"="+value), append(shown, name+"="+value)
	}
	for _, s := range []struct {
		name  string
		value *string
	}{
		{side + "HOST", a.PrimaryHost}, {side + "USER", a.PrimaryUser},
		{side + "LOG_FILE", a.PrimaryLogFile}, {"RELAY_LOG_FILE", a.RelayLogFile},
		{side + "SSL_CA", a.PrimarySSLCA}, {side + "SSL_CAPATH", a.PrimarySSLCAPath}, {side + "SSL_CERT", a.PrimarySSLCert},
		{side + "SSL_KEY", a.PrimarySSLKey}, {side + "SSL_CIPHER", a.PrimarySSLCipher},
	} {
		if s.value != nil {
			put(s.name, c.quote(*s.value))
		}
	}
	for _, n := range []struct {
		name  string
		value *int
	}{
		{side + "PORT", a.PrimaryPort}, {side + "CONNECT_RETRY", a.PrimaryConnectRetry}, {side + "LOG_POS", a.PrimaryLogPos},
		{side + "DELAY", a.PrimaryDelay}, {"RELAY_LOG_POS", a.RelayLogPos},
	} {
		if n.value != nil {
			put(n.name, strconv.Itoa(*n.value))
		}
	}
	if a.PrimarySSL != nil {
		put(side+"SSL", map[bool]string{true: "1", false: "0"}[*a.PrimarySSL])
	}
	if a.PrimarySSLVerify {
		put(side+"SSL_VERIFY_SERVER_CERT", "1")
	}
	if a.PrimaryAutoPosition {
		put(side+"AUTO_POSITION", "1")
	}
	if a.PrimaryUseGTID != "" {
		put(side+"USE_GTID", c.gtid(a.PrimaryUseGTID))
	}
	if a.PrimaryPassword != nil {
		settings = append(settings, side+"PASSWORD="+c.quote(*a.PrimaryPassword))
		shown = append(shown, side+"PASSWORD='********'")
	}
	return settings, shown
}

func (c *conn) gtid(use string) string {
	switch {
	case use == "disabled":
		return "no"
	case use == "replica_pos" && !c.saysReplica():
		return "slave_pos"
	}
	return use
}

// words writes a statement with the words that this server has, and with the
// names of connection and channel.
func (c *conn) words(statement string, a *mysqlReplicationArgs) string {
	one := ""
	if a.ConnectionName != "" {
		one = " " + c.quote(a.ConnectionName)
	}
	words := []string{" ONE", one, " CHANNEL", c.channel(a)}
	if !c.saysReplica() {
		words = append(words, "REPLICA", "SLAVE")
	}
	if !c.isMariaDB() && c.isFrom(8, 2, 0) {
		words = append(words, "SHOW MASTER STATUS", "SHOW BINARY LOG STATUS", "RESET MASTER", "RESET BINARY LOGS AND GTIDS")
	}
	if c.saysSource() {
		words = append(words, "CHANGE MASTER", "CHANGE REPLICATION SOURCE")
	}
	return strings.NewReplacer(words...).Replace(statement)
}

func (c *conn) channel(a *mysqlReplicationArgs) string {
	if a.Channel == "" {
		return ""
	}
	return " FOR CHANNEL " + c.quote(a.Channel)
}

// saysReplica reports whether the server calls a replica so.
func (c *conn) saysReplica() bool {
	if c.isMariaDB() {
		return c.isFrom(10, 5, 1)
	}
	return c.isFrom(8, 0, 22)
}

// saysSource reports whether the server calls what a replica copies its source.
func (c *conn) saysSource() bool { return !c.isMariaDB() && c.isFrom(8, 0, 23) }

// isFrom reports whether the server has this version or a later one.
func (c *conn) isFrom(major, minor, patch int) bool {
	var have [3]int
	version := strings.TrimPrefix(c.version, "5.5.5-") // MariaDB before 11 puts it in front
	_, _ = fmt.Sscanf(version, "%d.%d.%d", &have[0], &have[1], &have[2])
	for i, want := range []int{major, minor, patch} {
		if have[i] != want {
			return have[i] > want
		}
	}
	return true
}
