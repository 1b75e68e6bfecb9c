package docker

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/network"
)

// parsePorts reads published_ports and exposed_ports. A port that names no
// address gets hostIP. all tells that every exposed port is to be published.
func parsePorts(published, exposed []string, hostIP string) (bindings network.PortMap, ports network.PortSet, all bool, err error) {
	bindings, ports = network.PortMap{}, network.PortSet{}
	for _, text := range published {
		if strings.EqualFold(text, "all") {
			all = true
			continue
		}
		if err := publish(bindings, text, hostIP); err != nil {
			return nil, nil, false, fmt.Errorf("published_ports: %q: %w", text, err)
		}
	}
	for port := range bindings {
		ports[port] = struct{}{}
	}
	for _, text := range exposed {
		r, err := portRange(text)
		if err != nil {
			return nil, nil, false, fmt.Errorf("exposed_ports: %q: %w", text, err)
		}
		for port := range r.All() {
			ports[port] = struct{}{}
		}
	}
	return bindings, ports, all, nil
}

// publish adds "[ip:][host[-host]:]container[-container][/protocol]".
func publish(bindings network.PortMap, text, hostIP string) error {
	rest, container := "", text
	if i := strings.LastIndexByte(text, ':'); i >= 0 {
		rest, container = text[:i], text[i+1:]
	}
	inside, err := portRange(container)
	if err != nil {
		return err
	}
	host := rest
	if i := strings.LastIndexByte(rest, ':'); i >= 0 {
		hostIP, host = strings.Trim(rest[:i], "[]"), rest[i+1:]
	}
	var ip netip.Addr
	if hostIP != "" {
		if ip, err = netip.ParseAddr(hostIP); err != nil {
			return fmt.Errorf("%q is no address", hostIP)
		}
	}
	hostPorts, err := hostPorts(host, int(inside.End())-int(inside.Start())+1)
	if err != nil {
		return err
	}
	i := 0
	for port := range inside.All() {
		bindings[port] = append(bindings[port], network.PortBinding{HostIP: ip, HostPort: hostPorts[i]})
		i++
	}
	return nil
}

// hostPorts returns the host's port for each of n ports of the container: empty
// for a free one, a range where one port may take any of several.
func hostPorts(text string, n int) ([]string, error) {
	ports := make([]string, n)
	if text == "" {
		return ports, nil
	}
	r, err := portRange(text)
	if err != nil || strings.Contains(text, "/") {
		return nil, fmt.Errorf("%q is no port of the host", text)
	}
	have := int(r.End()) - int(r.Start()) + 1
	if n == 1 && have > 1 {
		return []string{text}, nil
	}
	if n != have {
		return nil, fmt.Errorf("%d ports of the host cannot stand for %d of the container", have, n)
	}
	for i := range ports {
		ports[i] = strconv.Itoa(int(r.Start()) + i)
	}
	return ports, nil
}

func portRange(text string) (network.PortRange, error) {
	r, err := network.ParsePortRange(text)
	if err != nil {
		return r, err
	}
	if r.Start() == 0 {
		return r, fmt.Errorf("there is no port 0")
	}
	switch r.Proto() {
	case network.TCP, network.UDP, network.SCTP:
		return r, nil
	}
	return r, fmt.Errorf("unknown protocol %q: want tcp, udp or sctp", r.Proto())
}
