package crypto

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"

	"fleet/internal/tasks/sys"
)

// selfsignedArgs are the arguments of the provider selfsigned.
type selfsignedArgs struct {
	// selfsigned: the digest that the certificate is signed with.
	SelfsignedDigest string `arg:"selfsigned_digest" choices:"sha256,sha384,sha512" default:"sha256"`
	// selfsigned: when the certificate begins, relative to now (+0s, -1d) or as
	// 20300101000000Z.
	SelfsignedNotBefore string `arg:"selfsigned_not_before" alias:"selfsigned_notBefore" default:"+0s"`
	// selfsigned: when the certificate ends.
	SelfsignedNotAfter string `arg:"selfsigned_not_after" alias:"selfsigned_notAfter" default:"+3650d"`
	// selfsigned: whether the digest of the public key is added.
	SelfsignedKeyID string `arg:"selfsigned_create_subject_key_identifier" choices:"always_create,create_if_not_provided,never_create" default:"create_if_not_provided"`
	// selfsigned: the version of the certificate's format; there is no other.
	SelfsignedVersion int `arg:"selfsigned_version" choices:"3" default:"3"`
}

// owncaArgs are the arguments of the provider ownca.
type owncaArgs struct {
	// ownca: the file of the authority's certificate.
	OwncaPath string `arg:"ownca_path" type:"path"`
	// ownca: that certificate itself.
	OwncaContent string `arg:"ownca_content"`
	// ownca: the file of the authority's private key.
	OwncaPrivatekeyPath string `arg:"ownca_privatekey_path" type:"path"`
	// ownca: that key itself.
	OwncaPrivatekeyContent string `arg:"ownca_privatekey_content,secret"`
	// ownca: what it is encrypted with.
	OwncaPrivatekeyPassphrase string `arg:"ownca_privatekey_passphrase,secret"`
	// ownca: the digest that the certificate is signed with.
	OwncaDigest string `arg:"ownca_digest" choices:"sha256,sha384,sha512" default:"sha256"`
	// ownca: when the certificate begins.
	OwncaNotBefore string `arg:"ownca_not_before" default:"+0s"`
	// ownca: when the certificate ends.
	OwncaNotAfter string `arg:"ownca_not_after" default:"+3650d"`
	// ownca: whether the digest of the public key is added.
	OwncaKeyID string `arg:"ownca_create_subject_key_identifier" choices:"always_create,create_if_not_provided,never_create" default:"create_if_not_provided"`
	// ownca: whether the identifier of the authority's key is added.
	OwncaAuthorityKeyID bool `arg:"ownca_create_authority_key_identifier" default:"true"`
	// ownca: the version of the certificate's format; there is no other.
	OwncaVersion int `arg:"ownca_version" choices:"3" default:"3"`
}

// issue is a certificate that is to be.
type issue struct {
	public     crypto.PublicKey
	subject    []byte
	extensions []pkix.Extension
	signer     *key
	authority  *x509.Certificate // nil: signed by its own key
	digest     string
	from, to   time.Time
	timestamps bool // from and to have to be met
}

// issue returns the certificate that the arguments ask for. It is nil in check
// mode where something that it is made of is still to be made.
func (a *x509CertificateArgs) issue(m *sys.Machine) (*issue, error) {
	csr, err := a.request(m)
	if err != nil {
		return nil, err
	}
	own, err := a.ownKey(m)
	if err != nil {
		return nil, err
	}
	i := &issue{timestamps: !a.IgnoreTimestamps, subject: []byte{0x30, 0}}
	if csr != nil {
		i.public, i.subject, i.extensions = csr.PublicKey, csr.RawSubject, csr.Extensions
	}
	if a.Provider == "ownca" {
		return a.byAuthority(m, i, csr)
	}
	if own == nil || csr == nil && (a.CsrPath != "" || a.CsrContent != "") {
		return nil, nil
	}
	i.signer, i.digest = own, a.SelfsignedDigest
	switch {
	case csr == nil:
		i.public = own.public()
	case !sameKey(csr.PublicKey, own.public()):
		return nil, errors.New("the request is of another key than the private key")
	}
	if err := i.addKeyID(a.SelfsignedKeyID); err != nil {
		return nil, err
	}
	return i, i.times("selfsigned_not_before", a.SelfsignedNotBefore, "selfsigned_not_after", a.SelfsignedNotAfter)
}

func (a *x509CertificateArgs) request(m *sys.Machine) (*x509.CertificateRequest, error) {
	switch {
	case a.CsrPath != "" || a.CsrContent != "":
		return loadCSR(m, a.CsrPath, a.CsrContent)
	case a.Provider == "ownca":
		return nil, errors.New("one of the arguments csr_path, csr_content is needed with provider ownca")
	}
	return nil, nil
}

func (a *x509CertificateArgs) ownKey(m *sys.Machine) (*key, error) {
	switch {
	case a.PrivatekeyPath != "" || a.PrivatekeyContent != "":
		return loadKey(m, a.PrivatekeyPath, a.PrivatekeyContent, a.PrivatekeyPassphrase)
	case a.Provider == "selfsigned":
		return nil, errors.New("one of the arguments privatekey_path, privatekey_content is needed with provider selfsigned")
	}
	return nil, nil
}

// byAuthority completes the certificate as one that an authority signs.
func (a *x509CertificateArgs) byAuthority(m *sys.Machine, i *issue, csr *x509.CertificateRequest) (*issue, error) {
	switch {
	case a.OwncaPath == "" && a.OwncaContent == "":
		return nil, errors.New("one of the arguments ownca_path, ownca_content is needed with provider ownca")
	case a.OwncaPrivatekeyPath == "" && a.OwncaPrivatekeyContent == "":
		return nil, errors.New("one of the arguments ownca_privatekey_path, ownca_privatekey_content is needed with provider ownca")
	}
	authority, err := loadCertificate(m, a.OwncaPath, a.OwncaContent)
	if err != nil {
		return nil, err
	}
	signer, err := loadKey(m, a.OwncaPrivatekeyPath, a.OwncaPrivatekeyContent, a.OwncaPrivatekeyPassphrase)
	if err != nil {
		return nil, err
	}
	if csr == nil || authority == nil || signer == nil {
		return nil, nil
	}
	if !sameKey(authority.PublicKey, signer.public()) {
		return nil, errors.New("the authority's private key does not belong to its certificate")
	}
	i.authority, i.signer, i.digest = authority, signer, a.OwncaDigest
	if err := i.addKeyID(a.OwncaKeyID); err != nil {
		return nil, err
	}
	if a.OwncaAuthorityKeyID {
		if err := i.addAuthorityKeyID(); err != nil {
			return nil, err
		}
	}
	return i, i.times("ownca_not_before", a.OwncaNotBefore, "ownca_not_after", a.OwncaNotAfter)
}

func (i *issue) times(fromName, from, toName, to string) (err error) {
	now := time.Now()
	if i.from, err = parseTime(fromName, from, now); err != nil {
		return err
	}
	if i.to, err = parseTime(toName, to, now); err != nil {
		return err
	}
	if !i.to.After(i.from) {
		return fmt.Errorf("argument %q is %q: the certificate would end before it begins", toName, to)
	}
	return nil
}

func (i *issue) addKeyID(when string) error {
	if when == "never_create" || when == "create_if_not_provided" && find(i.extensions, oidSubjectKeyID) != nil {
		return nil
	}
	id, err := keyID(i.public)
	if err != nil {
		return err
	}
	e, err := subjectKeyID(id)
	i.extensions = append(without(i.extensions, oidSubjectKeyID), e)
	return err
}

func (i *issue) addAuthorityKeyID() error {
	id := i.authority.SubjectKeyId
	if len(id) == 0 {
		var err error
		if id, err = keyID(i.authority.PublicKey); err != nil {
			return err
		}
	}
	e, err := authorityKeyID(authorityKey{ID: id})
	i.extensions = append(without(i.extensions, oidAuthorityKeyID), e)
	return err
}

// matches reports whether a certificate is this one.
func (i *issue) matches(have *x509.Certificate) bool {
	issuer := i.subject
	if i.authority != nil {
		issuer = i.authority.RawSubject
	}
	if i.timestamps && (!have.NotBefore.Equal(i.from) || !have.NotAfter.Equal(i.to)) {
		return false
	}
	signed := x509.Certificate{PublicKey: i.signer.public(), PublicKeyAlgorithm: algorithmOf(i.signer)}
	return sameKey(have.PublicKey, i.public) && bytes.Equal(have.RawSubject, i.subject) && bytes.Equal(have.RawIssuer, issuer) &&
		sameExtensions(have.Extensions, i.extensions) &&
		signed.CheckSignature(have.SignatureAlgorithm, have.RawTBSCertificate, have.Signature) == nil
}

func algorithmOf(k *key) x509.PublicKeyAlgorithm {
	switch kind, _, _ := k.about(); kind {
	case "RSA":
		return x509.RSA
	case "ECC":
		return x509.ECDSA
	}
	return x509.Ed25519
}

// sign makes the certificate.
func (i *issue) sign() ([]byte, error) {
	signer, err := i.signer.signer()
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 159))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: serial.Add(serial, big.NewInt(1000)), RawSubject: i.subject, NotBefore: i.from, NotAfter: i.to,
		ExtraExtensions: i.extensions, SignatureAlgorithm: signatureOf(i.signer, i.digest)}
	parent := &x509.Certificate{RawSubject: i.subject, PublicKey: signer.Public()}
	if i.authority != nil {
		// Without its key's identifier, which would be added unasked.
		parent = &x509.Certificate{RawSubject: i.authority.RawSubject, PublicKey: i.authority.PublicKey}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, i.public, signer)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}
