#include "platform/process_details.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "platform/testing/launched.h"
#include "platform/testing/proc_tree.h"

namespace tallyman::platform {

bool operator==(const ListeningSocket& a, const ListeningSocket& b) {
  return a.protocol == b.protocol && a.address == b.address && a.port == b.port;
}

void PrintTo(const ListeningSocket& socket, std::ostream* out) {
  *out << socket.protocol << " " << socket.address << " " << socket.port;
}

namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Optional;

using namespace std::string_view_literals;

// A socket bound to 127.0.0.1, and its port.
struct Bound {
  base::UniqueFd fd;
  int32_t port = 0;
};

Bound Bind(int type) {
  Bound bound;
  bound.fd = base::UniqueFd(socket(AF_INET, type | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  CHECK_EQ(bind(bound.fd.get(), generic, size), 0);
  CHECK_EQ(getsockname(bound.fd.get(), generic, &size), 0);
  bound.port = ntohs(address.sin_port);
  return bound;
}

// A child that has the open descriptors of the test, and does nothing.
class IdleChild {
 public:
  IdleChild() : pid_(fork()) {
    CHECK_GE(pid_, 0);
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      while (true) pause();
    }
  }
  ~IdleChild() { KillAndReap(pid_); }
  IdleChild(const IdleChild&) = delete;
  IdleChild& operator=(const IdleChild&) = delete;

  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

ProcessDetails Read(const std::string& root, int32_t pid) {
  absl::StatusOr<ProcessDetails> details = ReadProcessDetails(root, pid);
  CHECK_OK(details);
  return *std::move(details);
}

TEST(ProcessDetailsTest, FindsTheListeningSocketsOfAProcess) {
  Bound tcp = Bind(SOCK_STREAM);
  CHECK_EQ(listen(tcp.fd.get(), 1), 0);
  Bound silent = Bind(SOCK_STREAM);  // Bound, but it does not listen.
  Bound udp = Bind(SOCK_DGRAM);
  Bound connected = Bind(SOCK_DGRAM);
  base::UniqueFd local(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const std::string name = absl::StrCat("tallyman ", getpid());
  sockaddr_un path = {};
  path.sun_family = AF_UNIX;
  std::memcpy(path.sun_path + 1, name.data(), name.size());  // Abstract.
  CHECK_EQ(bind(local.get(), reinterpret_cast<const sockaddr*>(&path),
                static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 +
                                       name.size())),
           0);
  CHECK_EQ(listen(local.get(), 1), 0);
  sockaddr_in peer = {};
  peer.sin_family = AF_INET;
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  peer.sin_port = htons(static_cast<uint16_t>(udp.port));
  CHECK_EQ(connect(connected.fd.get(), reinterpret_cast<const sockaddr*>(&peer),
                   sizeof(peer)),
           0);

  const IdleChild child;
  const ProcessDetails details = Read("/proc", child.pid());
  EXPECT_THAT(details.listening,
              Optional(ElementsAre(
                  ListeningSocket{"tcp", "127.0.0.1", tcp.port},
                  ListeningSocket{"udp", "127.0.0.1", udp.port},
                  ListeningSocket{"unix", absl::StrCat("@", name), -1})));
  EXPECT_GE(details.open_descriptors, 5);
  EXPECT_GT(details.start_ticks, 0);

  tcp.fd.reset();
  udp.fd.reset();
  local.reset();
  EXPECT_THAT(Read("/proc", getpid()).listening, Optional(IsEmpty()));
}

TEST(ProcessDetailsTest, ShowsNamesOfVariablesAndNoValues) {
  Launched child(ShellSpec("echo up; exec sleep 1000",
                           {"API_KEY=hunter2=", "EMPTY=", "A_B=x y"}));
  child.Run();
  ASSERT_EQ(child.ReadLine(), "up");
  const ProcessDetails details = Read("/proc", child.pid());
  ASSERT_TRUE(details.environment_names.has_value());
  EXPECT_THAT(*details.environment_names, Contains("API_KEY"));
  EXPECT_THAT(*details.environment_names, Contains("EMPTY"));
  EXPECT_THAT(*details.environment_names, Contains("A_B"));
  EXPECT_THAT(*details.environment_names,
              Not(Contains(testing::HasSubstr("hunter2"))));
  EXPECT_GT(details.proportional_bytes, 0);
  EXPECT_THAT(details.listening, Optional(IsEmpty()));
  EXPECT_EQ(details.start_ticks, child.identity().start_ticks);
}

TEST(ProcessDetailsTest, AZombieHasNoneOfThem) {
  const pid_t pid = fork();
  if (pid == 0) _exit(0);
  siginfo_t info;
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
  const ProcessDetails details = Read("/proc", pid);
  EXPECT_EQ(details.proportional_bytes, 0);
  EXPECT_EQ(details.open_descriptors, 0);
  EXPECT_THAT(details.listening, Optional(IsEmpty()));
  EXPECT_THAT(details.environment_names, Optional(IsEmpty()));
  ASSERT_EQ(waitpid(pid, nullptr, 0), pid);
  EXPECT_TRUE(absl::IsNotFound(ReadProcessDetails("/proc", pid).status()));
}

// Writes what the files of a process would have; nullopt leaves one out.
TEST(ProcessDetailsTest, ReadsAWrittenTree) {
  const ProcTree tree;
  tree.Add(7, OrdinaryProcess(7, "p", "p\0"sv));
  tree.Write("7/smaps_rollup",
             "0-1 ---p 00000000 00:00 0 [rollup]\nRss: 9 kB\n"
             "Pss:                 3 kB\n");
  tree.Write("7/environ", "A=1\0B=2\0"sv);
  tree.Write("7/net/tcp",
             "  sl  local_address rem_address   st tx_queue rx_queue tr "
             "tm->when retrnsmt   uid  timeout inode\n"
             "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 "
             "00:00000000 00000000     0        0 11 1 0 100 0 0 10 0\n"
             "   1: 00000000:0050 00000000:0000 0A 00000000:00000000 "
             "00:00000000 00000000     0        0 12 1 0 100 0 0 10 0\n"
             "   2: 0100007F:1F90 0100007F:AAAA 01 00000000:00000000 "
             "00:00000000 00000000     0        0 13 1 0 100 0 0 10 0\n");
  tree.Write("7/net/tcp6",
             "   0: 00000000000000000000000001000000:1F91 "
             "00000000000000000000000000000000:0000 0A 00000000:00000000 "
             "00:00000000 00000000     0        0 14 1 0 100 0 0 10 0\n");
  std::filesystem::create_directory(absl::StrCat(tree.root(), "/7/fd"));
  const auto link = [&](int fd, std::string_view target) {
    std::filesystem::create_symlink(target,
                                    absl::StrCat(tree.root(), "/7/fd/", fd));
  };
  link(0, "/dev/null");
  link(3, "socket:[11]");
  link(4, "socket:[13]");
  link(5, "socket:[14]");
  link(6, "socket:[14]");  // A copy of the descriptor.
  const ProcessDetails details = Read(tree.root(), 7);
  EXPECT_EQ(details.start_ticks, 500);
  EXPECT_EQ(details.proportional_bytes, 3072);
  EXPECT_EQ(details.open_descriptors, 5);
  EXPECT_THAT(details.listening,
              Optional(ElementsAre(ListeningSocket{"tcp", "127.0.0.1", 8080},
                                   ListeningSocket{"tcp6", "::1", 8081})));
  EXPECT_THAT(details.environment_names, Optional(ElementsAre("A", "B")));
}

TEST(ProcessDetailsTest, AFileThatIsNotThereCostsItsOwnDetails) {
  const ProcTree tree;
  tree.Add(7, OrdinaryProcess(7, "p", "p\0"sv));
  const ProcessDetails details = Read(tree.root(), 7);
  EXPECT_EQ(details.start_ticks, 500);
  EXPECT_EQ(details.proportional_bytes, -1);
  EXPECT_EQ(details.open_descriptors, -1);
  EXPECT_EQ(details.listening, std::nullopt);
  EXPECT_EQ(details.environment_names, std::nullopt);
}

TEST(ProcessDetailsTest, AProcessThatIsNotThereIsNotFound) {
  const ProcTree tree;
  EXPECT_TRUE(absl::IsNotFound(ReadProcessDetails(tree.root(), 7).status()));
  EXPECT_TRUE(absl::IsInternal(
      ReadProcessDetails(absl::StrCat(tree.root(), "/none"), 7).status()));
}

}  // namespace
}  // namespace tallyman::platform

int main(int argc, char** argv) {
  return tallyman::platform::TestMain(argc, argv);
}
