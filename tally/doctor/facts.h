// What `tally doctor` has read of a server and its machine, before it judges.
// Plain values, so that tests write them down.

#ifndef TALLYMAN_TALLY_DOCTOR_FACTS_H_
#define TALLYMAN_TALLY_DOCTOR_FACTS_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace tallyman::tally {

// The answers of the server.
struct ServerFacts {
  std::string url;             // "": no server was found.
  std::string source;          // Of address and token.
  absl::Status reached;        // Of GET /readyz; its message is for people.
  absl::Status token;          // Of a request that needs one.
  std::string version;         // "": unknown.
  std::string client_version;  // Of tally.
  // The server's clock minus this machine's; nullopt: no answer has a date. Its
  // resolution is a second.
  std::optional<absl::Duration> clock_offset;
};

// A limit of /proc/PID/limits; -1: unlimited.
struct Limit {
  int64_t soft = -1;
  int64_t hard = -1;
};

// A socket that listens.
struct ListeningAddress {
  std::string address;  // "0.0.0.0", "::", "192.0.2.1", "127.0.0.1".
  int port = 0;
  // The answer to HTTP without TLS; false also if it was not asked.
  bool answers_clear_text = false;
};

// The process of the server, from /proc/PID.
struct ServerProcessFacts {
  pid_t pid = 0;
  std::optional<uid_t> uid;              // The effective one.
  std::optional<uint64_t> capabilities;  // CapEff of /proc/PID/status.
  std::map<std::string, Limit> limits;   // By the names in /proc/PID/limits.
  std::optional<int64_t> open_files;     // nullopt: not readable.
  std::string cgroup;  // Its path in the hierarchy of version 2; "": none.
  // nullopt: which sockets it has is not readable.
  std::optional<std::vector<ListeningAddress>> listening;
};

// A control group of version 2.
struct CgroupFacts {
  std::string mount;  // Where version 2 is mounted; "": nowhere.
  bool is_read_only = false;
  // Of the server's own group.
  std::optional<uid_t> owner;
  bool has_kill = false;             // cgroup.kill: Linux 5.14.
  std::optional<int64_t> max_tasks;  // pids.max of it and those above; -1: max.
  std::optional<int64_t> tasks;      // pids.current of that one.
};

struct DirectoryFacts {
  std::string path;
  int error = 0;  // errno of stat(2); the rest is then not set.
  uid_t owner = 0;
  mode_t mode = 0;
  bool is_read_only = false;
  // nullopt: not known.
  std::optional<int64_t> free_bytes;  // For users other than root.
  std::optional<int64_t> all_bytes;
  std::optional<int64_t> free_files;
};

// The unit of systemd that the server runs in.
struct UnitFacts {
  std::string name;     // "": none.
  std::string failure;  // Why its properties are not known; "": they are.
  std::map<std::string, std::string> properties;
};

struct Facts {
  ServerFacts server;
  // "": the server is on this machine, and what follows is of it. Else why it
  // is not known, for people.
  std::string not_local;
  // nullopt: its process was not found, for the reason beside.
  std::optional<ServerProcessFacts> process;
  std::string no_process;
  CgroupFacts cgroups;
  UnitFacts unit;
  std::optional<DirectoryFacts> data_dir;
  std::string proc_options;    // Of the mount at /proc.
  std::string kernel_release;  // uname(2).
  // The kernel's clock is kept right by NTP (adjtimex(2)); nullopt: unknown.
  std::optional<bool> is_synchronized;
  std::string config_path;  // "": there is no home.
  absl::Status config;      // Of reading it; OK if it is missing.
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_DOCTOR_FACTS_H_
