package postgresql

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// What a server asks for while somebody logs in.
const (
	authOK        = 0
	authCleartext = 3
	authMD5       = 5
	authSASL      = 10
	authContinue  = 11
	authFinal     = 12
)

// maxIterations bounds the work that a server can ask for.
const maxIterations = 1 << 20

// authenticate answers the server until it lets us in.
func (c *conn) authenticate(l *login) error {
	var s *scram
	for range 8 {
		kind, p, err := c.message()
		if err != nil {
			return err
		}
		if kind == 'E' {
			return refusal(p)
		}
		if kind != 'R' || len(p) < 4 {
			return errors.New("what answers there is no PostgreSQL server")
		}
		asked, p := binary.BigEndian.Uint32(p), p[4:]
		var answer []byte
		switch {
		case asked == authOK:
			if s != nil && !s.done {
				return errors.New("the server did not prove that it knows the password")
			}
			return nil
		case asked == authCleartext && l.tls != nil && c.safe(), asked == authCleartext && l.network == "unix":
			answer = append([]byte(l.password), 0)
		case asked == authCleartext:
			return errors.New("the server wants the password as it is, and the connection is not encrypted; set ssl_mode to require")
		case asked == authMD5 && len(p) == 4:
			answer = append([]byte("md5"+md5Hex([]byte(md5Hex([]byte(l.password+l.user))), p)), 0)
		case asked == authSASL && slices.Contains(strings.Split(string(p), "\x00"), scramName):
			if s, err = newScram(l.password); err != nil {
				return err
			}
			answer = s.first()
		case asked == authContinue && s != nil:
			answer, err = s.next(string(p))
		case asked == authFinal && s != nil:
			if err := s.last(string(p)); err != nil {
				return err
			}
			continue
		default:
			return fmt.Errorf("the server wants to know who we are in a way that is not supported (%d)\nhint: scram-sha-256, md5, password, peer and trust of pg_hba.conf are", asked)
		}
		if err != nil {
			return err
		}
		if err := c.write('p', answer); err != nil {
			return err
		}
	}
	return errors.New("the server keeps on asking")
}

func md5Hex(parts ...[]byte) string {
	sum := md5.Sum(bytes.Join(parts, nil))
	return hex.EncodeToString(sum[:])
}

const scramName = "SCRAM-SHA-256"

// scram is the client's side of SCRAM-SHA-256 (RFC 5802 and 7677), without channel
// binding. A password that is not ASCII is taken as it is written.
type scram struct {
	password, nonce, firstBare string
	serverSignature            []byte
	done                       bool
}

func newScram(password string) (*scram, error) {
	raw := make([]byte, 18)
	if _, err := rand.Read(raw); err != nil {
		return nil, err
	}
	nonce := base64.StdEncoding.EncodeToString(raw)
	return &scram{password: password, nonce: nonce, firstBare: "n=,r=" + nonce}, nil
}

// first is the message that begins it, behind its name and length.
func (s *scram) first() []byte {
	text := "n,," + s.firstBare
	b := append([]byte(scramName), 0)
	return append(binary.BigEndian.AppendUint32(b, uint32(len(text))), text...)
}

// next proves that we know the password.
func (s *scram) next(challenge string) ([]byte, error) {
	fields := scramFields(challenge)
	salt, err := base64.StdEncoding.DecodeString(fields["s"])
	rounds, nerr := strconv.Atoi(fields["i"])
	if err != nil || nerr != nil || rounds < 1 || rounds > maxIterations || !strings.HasPrefix(fields["r"], s.nonce) {
		return nil, errors.New("the server's challenge is damaged")
	}
	keys, err := deriveKeys(s.password, salt, rounds)
	if err != nil {
		return nil, err
	}
	bare := "c=biws,r=" + fields["r"]
	message := s.firstBare + "," + challenge + "," + bare
	proof := sign(keys.stored, message)
	subtle.XORBytes(proof, proof, keys.client)
	s.serverSignature = sign(keys.server, message)
	return []byte(bare + ",p=" + base64.StdEncoding.EncodeToString(proof)), nil
}

// last looks whether the server knows the password, too.
func (s *scram) last(text string) error {
	fields := scramFields(text)
	got, err := base64.StdEncoding.DecodeString(fields["v"])
	if err != nil || s.serverSignature == nil || !hmac.Equal(got, s.serverSignature) {
		return errors.New("the server did not prove that it knows the password")
	}
	s.done = true
	return nil
}

func scramFields(text string) map[string]string {
	fields := map[string]string{}
	for field := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(field, "=")
		fields[name] = value
	}
	return fields
}

// scramKeys are what SCRAM makes of a password.
type scramKeys struct{ client, stored, server []byte }

func deriveKeys(password string, salt []byte, rounds int) (scramKeys, error) {
	salted, err := pbkdf2.Key(sha256.New, password, salt, rounds, sha256.Size)
	if err != nil {
		return scramKeys{}, err
	}
	client := sign(salted, "Client Key")
	stored := sha256.Sum256(client)
	return scramKeys{client: client, stored: stored[:], server: sign(salted, "Server Key")}, nil
}

func sign(key []byte, message string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(message))
	return h.Sum(nil)
}
