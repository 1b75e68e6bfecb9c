package docker

type dockerContainerArgs struct {
	engineArgs
	// The container's name, or its ID where it exists already.
	Name string `arg:"name,required"`
	// What the container is to be: there (present), running (started), running and
	// healthy by its health check (healthy), there and not running (stopped), gone (absent).
	State string `arg:"state" choices:"absent,present,healthy,stopped,started" default:"started"`
	// The image to make the container from: name, name:tag, name@digest or an ID.
	Image string `arg:"image"`
	// When to pull the image: missing, always (a container is only made anew where
	// the image really changed) or never. true is always, false is missing.
	Pull any `arg:"pull" default:"missing"`
	// Compare nothing of the image: a container of another image is left alone.
	IgnoreImage bool `arg:"ignore_image" default:"false"`
	// Whether another name of the same image makes the container anew.
	ImageNameMismatch string `arg:"image_name_mismatch" choices:"ignore,recreate" default:"recreate"`

	// The command and its arguments behind the image's entry point, as a list or as
	// text which is split at spaces, with quotes as in a shell.
	Command any `arg:"command"`
	// What is run instead of the image's entry point.
	Entrypoint []string `arg:"entrypoint"`
	// Environment variables. Values are text or whole numbers: quote what YAML would
	// take for something else, as "true". Their values are never shown.
	Env map[string]any `arg:"env"`
	// A file on the target with a KEY=value on each line. env wins over it.
	EnvFile string `arg:"env_file" type:"path"`
	// The user that the command runs as: name or number, with an optional :group.
	User string `arg:"user"`
	// The folder that the command starts in.
	WorkingDir string `arg:"working_dir"`
	// The host name inside.
	Hostname string `arg:"hostname"`
	// The domain name inside.
	Domainname string `arg:"domainname"`
	// Labels.
	Labels map[string]any `arg:"labels"`
	// How to find out whether the container is healthy. It replaces the image's own
	// check as far as it says something.
	Healthcheck *healthcheckArgs `arg:"healthcheck"`
	// How many seconds state healthy waits. 0 or less is without end.
	HealthyWaitTimeout float64 `arg:"healthy_wait_timeout" default:"300"`

	// Ports to publish: "8080:80", "127.0.0.1:8080:80/tcp", "8000-8009:80" (one of
	// them), "8000-8001:80-81" (each), "80" (a free port of the host), "[::1]:80:80".
	PublishedPorts []string `arg:"published_ports" alias:"ports"`
	// Publish all exposed ports on free ports of the host.
	PublishAllPorts *bool `arg:"publish_all_ports"`
	// Ports to expose to other containers without publishing: "80", "53/udp", "7000-7010".
	ExposedPorts []string `arg:"exposed_ports" alias:"exposed,expose"`
	// The address that ports are published on where they name none. Empty is all.
	DefaultHostIP string `arg:"default_host_ip"`
	// Networks to connect to, the first being the container's main network.
	Networks []networkArgs `arg:"networks"`
	// Leave networks that networks does not name.
	PurgeNetworks bool `arg:"purge_networks" default:"false"`
	// Where networks are given, the engine's default network is left out unless it is
	// among them, as the docker command does it.
	NetworksCLICompatible bool `arg:"networks_cli_compatible" default:"true"`
	// bridge, host, none, container:NAME or a network's name.
	NetworkMode string `arg:"network_mode"`
	// Links to other containers, as CONTAINER:ALIAS.
	Links []string `arg:"links"`
	// Name servers.
	DNSServers []string `arg:"dns_servers"`
	// Options of the resolver.
	DNSOpts []string `arg:"dns_opts"`
	// Domains that host names are looked up in.
	DNSSearchDomains []string `arg:"dns_search_domains"`
	// Lines for /etc/hosts: host name to address.
	EtcHosts map[string]string `arg:"etc_hosts"`

	// Volumes: "/host/path:/path", "/host/path:/path:ro", "name:/path" or "/path" for
	// one without a name.
	Volumes []string `arg:"volumes"`
	// Mounts, with more to choose from than volumes.
	Mounts []mountArgs `arg:"mounts"`
	// Containers whose volumes are mounted too, as NAME or NAME:ro.
	VolumesFrom []string `arg:"volumes_from"`
	// The driver of volumes that are made for this container.
	VolumeDriver string `arg:"volume_driver"`
	// Folders in memory: "/run" or "/run:size=64m,mode=755".
	Tmpfs []string `arg:"tmpfs"`
	// Keep the volumes without a name when the container is removed.
	KeepVolumes bool `arg:"keep_volumes" default:"true"`

	containerLimits
	containerRights
	containerRunning
}

// containerLimits are what the container may use of the machine.
type containerLimits struct {
	// The most memory, as 512M or 2G.
	Memory string `arg:"memory"`
	// Memory and swap together, or unlimited.
	MemorySwap string `arg:"memory_swap"`
	// The memory that is left to it when memory is short.
	MemoryReservation string `arg:"memory_reservation"`
	// How willingly memory is swapped out, 0 to 100.
	MemorySwappiness *int `arg:"memory_swappiness"`
	// How many processors it may use, as 1.5.
	CPUs *float64 `arg:"cpus"`
	// The weight against other containers.
	CPUShares *int `arg:"cpu_shares"`
	// The period of the scheduler in microseconds.
	CPUPeriod *int `arg:"cpu_period"`
	// The share of cpu_period in microseconds.
	CPUQuota *int `arg:"cpu_quota"`
	// Processors it may run on, as 0-2,4.
	CpusetCPUs string `arg:"cpuset_cpus"`
	// Memory nodes it may use.
	CpusetMems string `arg:"cpuset_mems"`
	// The weight of its disk accesses, 10 to 1000.
	BlkioWeight *int `arg:"blkio_weight"`
	// The most processes. -1 is no limit.
	PidsLimit *int `arg:"pids_limit"`
	// The size of /dev/shm, as 64M.
	ShmSize string `arg:"shm_size"`
	// Limits as name:soft:hard or name:both.
	Ulimits []string `arg:"ulimits"`
	// Do not kill the container when memory runs out.
	OOMKiller *bool `arg:"oom_killer"`
	// How willingly it is killed when memory runs out, -1000 to 1000.
	OOMScoreAdj *int `arg:"oom_score_adj"`
	// Options of the storage driver.
	StorageOpts map[string]any `arg:"storage_opts"`
}

// containerRights are what the container may do to the machine.
type containerRights struct {
	// All rights of the host's root.
	Privileged *bool `arg:"privileged"`
	// Capabilities to add, as NET_ADMIN.
	Capabilities []string `arg:"capabilities" alias:"cap_add"`
	// Capabilities to take away.
	CapDrop []string `arg:"cap_drop"`
	// Devices of the host: "/dev/sda:/dev/xvda:rwm".
	Devices []string `arg:"devices"`
	// Rules for devices, as "c 42:* rmw".
	DeviceCgroupRules []string `arg:"device_cgroup_rules"`
	// Groups that the command's user belongs to besides its own.
	Groups []string `arg:"groups"`
	// Security options, as no-new-privileges:true.
	SecurityOpts []string `arg:"security_opts"`
	// Kernel parameters of the container.
	Sysctls map[string]any `arg:"sysctls"`
	// The root file system cannot be written.
	ReadOnly *bool `arg:"read_only"`
	// The IPC namespace: private, shareable, host, container:NAME.
	IPCMode string `arg:"ipc_mode"`
	// The process namespace: host or container:NAME.
	PIDMode string `arg:"pid_mode"`
	// The user namespace: host.
	UsernsMode string `arg:"userns_mode"`
	// The UTS namespace: host.
	UTS string `arg:"uts"`
	// The cgroup namespace: private or host.
	CgroupnsMode string `arg:"cgroupns_mode" choices:"host,private"`
	// The cgroup that the container's lies in.
	CgroupParent string `arg:"cgroup_parent"`
	// The runtime, as runc.
	Runtime string `arg:"runtime"`
	// The platform of the image: os/arch[/variant].
	Platform string `arg:"platform"`
}

// containerRunning says how the container runs and how this call treats it.
type containerRunning struct {
	// What the engine does when the container ends. Quote "no".
	RestartPolicy string `arg:"restart_policy" choices:"no,on-failure,always,unless-stopped"`
	// How often restart_policy on-failure tries.
	RestartRetries *int `arg:"restart_retries"`
	// Restart the container if it is running and was not made anew.
	Restart bool `arg:"restart" default:"false"`
	// Make the container anew even if nothing differs.
	Recreate bool `arg:"recreate" default:"false"`
	// Kill instead of stop.
	ForceKill bool `arg:"force_kill" alias:"forcekill" default:"false"`
	// The signal that force_kill sends.
	KillSignal string `arg:"kill_signal"`
	// How many seconds the container has to end when it is stopped. It is kept with a
	// new container; by itself it never makes a container anew.
	StopTimeout *int `arg:"stop_timeout"`
	// The signal that stops it.
	StopSignal string `arg:"stop_signal"`
	// Whether its processes are frozen.
	Paused *bool `arg:"paused"`
	// Run a small init as process 1.
	Init *bool `arg:"init"`
	// Give it a terminal.
	Tty *bool `arg:"tty"`
	// Keep its standard input open.
	Interactive *bool `arg:"interactive"`
	// The engine removes the container when it ends.
	AutoRemove *bool `arg:"auto_remove"`
	// false waits for the end of the command; its exit code decides about the task.
	Detach bool `arg:"detach" default:"true"`
	// With detach false: remove the container afterwards.
	Cleanup bool `arg:"cleanup" default:"false"`
	// The driver of its logs, as json-file, journald or syslog.
	LogDriver string `arg:"log_driver"`
	// Options of the log driver.
	LogOptions map[string]any `arg:"log_options" alias:"log_opt"`
	// How differences are judged: an argument's name, or * for all, to strict
	// (exactly as given), ignore, or allow_more_present (the container may have more).
	// Lists and single values are strict by themselves, sets and mappings may have more.
	Comparisons map[string]string `arg:"comparisons"`
	// Taken for the sake of existing playbooks: arguments that are not given are
	// never compared and never set (no_defaults).
	ContainerDefaultBehavior string `arg:"container_default_behavior" choices:"no_defaults" default:"no_defaults"`
}

type healthcheckArgs struct {
	// The command: text for a shell, or a list that starts with CMD, CMD-SHELL or NONE.
	Test any `arg:"test"`
	// The time between two checks, as 30s or 1m30s.
	Interval string `arg:"interval"`
	// The time after which a check has failed.
	Timeout string `arg:"timeout"`
	// The time in which failures do not count.
	StartPeriod string `arg:"start_period"`
	// The time between two checks during start_period.
	StartInterval string `arg:"start_interval"`
	// How many failures in a row make it unhealthy.
	Retries *int `arg:"retries"`
}

type networkArgs struct {
	// The network's name.
	Name string `arg:"name,required"`
	// A fixed IPv4 address.
	IPv4Address string `arg:"ipv4_address"`
	// A fixed IPv6 address.
	IPv6Address string `arg:"ipv6_address"`
	// More names of the container in this network.
	Aliases []string `arg:"aliases"`
	// Links in this network, as CONTAINER:ALIAS.
	Links []string `arg:"links"`
	// Options of the network's driver.
	DriverOpts map[string]string `arg:"driver_opts"`
}

type mountArgs struct {
	// The path in the container.
	Target string `arg:"target,required"`
	// The host's path or the volume's name.
	Source string `arg:"source"`
	// What is mounted.
	Type string `arg:"type" choices:"bind,npipe,tmpfs,volume,image" default:"volume"`
	// Whether it cannot be written.
	ReadOnly bool `arg:"read_only" default:"false"`
	// How consistent the views of host and container are.
	Consistency string `arg:"consistency" choices:"default,consistent,cached,delegated"`
	// How mounts below spread, for binds.
	Propagation string `arg:"propagation" choices:"private,rprivate,shared,rshared,slave,rslave"`
	// Make the host's folder where it is missing, for binds.
	CreateMountpoint bool `arg:"create_mountpoint" default:"false"`
	// Do not fill a new volume from the image.
	NoCopy bool `arg:"no_copy" default:"false"`
	// Labels of a new volume.
	Labels map[string]string `arg:"labels"`
	// The driver of a new volume.
	VolumeDriver string `arg:"volume_driver"`
	// The driver's options.
	VolumeOptions map[string]string `arg:"volume_options"`
	// A folder inside the volume.
	Subpath string `arg:"subpath"`
	// The size of a tmpfs, as 64M or unlimited.
	TmpfsSize string `arg:"tmpfs_size"`
	// The mode of a tmpfs, as "1777".
	TmpfsMode string `arg:"tmpfs_mode"`
}
