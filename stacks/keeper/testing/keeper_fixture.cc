#include "stacks/keeper/testing/keeper_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "platform/base/pid_lock.h"
#include "platform/base/unique_fd.h"
#include "platform/held_child.h"
#include "platform/process_handle.h"
#include "platform/testing/proc_file.h"
#include "stacks/keeper/client.h"
#include "stacks/keeper/protocol.h"
#include "stacks/keeper/starter.h"

namespace tallyman::stacks {
namespace {

// For a busy machine: tests that pass wait much less.
constexpr int kPatienceMs = 30'000;
constexpr absl::Duration kPatience = absl::Milliseconds(kPatienceMs);

constexpr char kFault[] = "TALLYMAN_FAULT";

sigset_t ChildSignal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  return signals;
}

}  // namespace

bool Await(int fd, int16_t events) {
  pollfd watched = {.fd = fd, .events = events, .revents = 0};
  int ready = 0;
  do {
    ready = poll(&watched, 1, kPatienceMs);
  } while (ready < 0 && errno == EINTR);
  return ready == 1;
}

std::string ReadLine(int fd) {
  std::string line;
  char byte = 0;
  while (Await(fd, POLLIN) && read(fd, &byte, 1) == 1 && byte != '\n') {
    line += byte;
  }
  return line;
}

int32_t ParentOf(int32_t pid) {
  constexpr size_t kParent = 1;
  const std::vector<std::string> fields = platform::ReadStat(pid);
  int32_t parent = 0;
  if (fields.size() > kParent)
    CHECK(absl::SimpleAtoi(fields[kParent], &parent));
  return parent;
}

void KeeperTest::SetUp() {
  // For sigtimedwait(2) in TearDown(); keepers get another mask.
  const sigset_t signals = ChildSignal();
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &signals, nullptr), 0);
}

void KeeperTest::TearDown() {
  for (const platform::ProcessHandle& process : launched_) {
    if (!process.HasEnded()) process.Signal(SIGKILL).IgnoreError();
    EXPECT_TRUE(Await(process.fd(), POLLIN));
  }
  if (keeper_) {
    ForgetAll();
    EXPECT_TRUE(KeeperEnds(0));
  }
  // Left are keepers that have ended or failed to start, and their orphans: all
  // of them zombies, or about to be.
  const timespec patience = {.tv_sec = kPatienceMs / 1000, .tv_nsec = 0};
  const sigset_t signals = ChildSignal();
  pid_t pid = 0;
  do {
    pid = waitpid(-1, nullptr, WNOHANG);
  } while (pid > 0 ||
           (pid == 0 && sigtimedwait(&signals, nullptr, &patience) > 0));
  EXPECT_EQ(pid, -1) << "a process is left";
}

void KeeperTest::Start(const std::string& fault) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread.
  if (!fault.empty()) setenv(kFault, fault.c_str(), 1);
  const absl::Status status = StartKeeper(kThisProgram, directory_);
  // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread.
  unsetenv(kFault);
  ASSERT_TRUE(status.ok()) << status;
}

void KeeperTest::FindKeeper() {
  const base::UniqueFd directory(
      open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::string holder =
      base::PidFileHolder(directory.get(), "keeper.lock");
  int32_t pid = 0;
  ASSERT_TRUE(absl::SimpleAtoi(absl::StripPrefix(holder, "pid "), &pid))
      << holder;
  Hold(pid);
}

std::unique_ptr<KeeperClient> KeeperTest::Connect() {
  absl::StatusOr<std::unique_ptr<KeeperClient>> client =
      KeeperClient::Connect(directory_, kPatience);
  EXPECT_TRUE(client.ok()) << client.status();
  if (!client.ok()) return nullptr;
  if (!Hold((*client)->keeper_pid())) return nullptr;
  return *std::move(client);
}

bool KeeperTest::Hold(int32_t keeper_pid) {
  const absl::StatusOr<platform::ProcessIdentity> identity =
      platform::IdentifyProcess(keeper_pid);
  EXPECT_TRUE(identity.ok()) << identity.status();
  if (!identity.ok()) return false;
  absl::StatusOr<platform::ProcessHandle> handle =
      platform::ProcessHandle::Open(*identity);
  EXPECT_TRUE(handle.ok()) << handle.status();
  if (!handle.ok()) return false;
  keeper_ = *std::move(handle);
  return true;
}

platform::LaunchSpec KeeperTest::Script(const std::string& script) {
  return {.arguments = {"sh", "-c", script},
          .environment = {"PATH=/usr/local/bin:/usr/bin:/bin"}};
}

std::optional<KeeperTest::Launched> KeeperTest::Launch(
    KeeperClient& client, const std::string& launch,
    const platform::LaunchSpec& spec) {
  absl::StatusOr<platform::Gate> gate = platform::Gate::Create();
  std::array<int, 2> ends;
  if (!gate.ok() || pipe2(ends.data(), O_CLOEXEC) != 0) {
    ADD_FAILURE() << "no gate or no pipe";
    return std::nullopt;
  }
  base::UniqueFd output(ends[0]);
  base::UniqueFd child_end(fcntl(gate->child_end(), F_DUPFD_CLOEXEC, 0));
  gate->CloseChildEnd();
  const absl::Status sent =
      client.Spawn({.launch = launch, .spec = spec}, std::move(child_end),
                   base::UniqueFd(ends[1]), std::nullopt);
  EXPECT_TRUE(sent.ok()) << sent;
  const keeper::Message answer = Next(client);
  const auto* const spawned = std::get_if<keeper::Spawned>(&answer);
  if (spawned == nullptr || spawned->launch != launch) {
    ADD_FAILURE() << "not Spawned but message " << answer.index();
    return std::nullopt;
  }
  const absl::StatusOr<std::string> boot_id = platform::BootId();
  absl::StatusOr<platform::ProcessHandle> mine =
      platform::ProcessHandle::Open({.boot_id = boot_id.value_or(""),
                                     .pid = spawned->pid,
                                     .start_ticks = spawned->start_ticks});
  absl::StatusOr<platform::ProcessHandle> process =
      platform::ProcessHandle::Open({.boot_id = boot_id.value_or(""),
                                     .pid = spawned->pid,
                                     .start_ticks = spawned->start_ticks});
  if (!mine.ok() || !process.ok()) {
    ADD_FAILURE() << mine.status();
    return std::nullopt;
  }
  launched_.push_back(*std::move(mine));
  return Launched{.gate = *std::move(gate),
                  .output = std::move(output),
                  .process = *std::move(process)};
}

std::optional<KeeperTest::Launched> KeeperTest::Run(KeeperClient& client,
                                                    const std::string& launch,
                                                    const std::string& script) {
  std::optional<Launched> launched = Launch(client, launch, Script(script));
  if (!launched) return std::nullopt;
  const absl::Status released = launched->gate.Release();
  EXPECT_TRUE(released.ok()) << released;
  return launched;
}

keeper::Message KeeperTest::Next(KeeperClient& client) {
  while (Await(client.fd(), POLLIN)) {
    absl::StatusOr<std::optional<keeper::Message>> message = client.Receive();
    if (!message.ok()) break;
    if (*message) return **std::move(message);
  }
  return keeper::End{};
}

int32_t KeeperTest::NextExit(KeeperClient& client, const std::string& launch) {
  const keeper::Message message = Next(client);
  const auto* const exited = std::get_if<keeper::Exited>(&message);
  if (exited == nullptr || exited->launch != launch) return -1;
  return exited->wait_status;
}

void KeeperTest::KillKeeper() {
  ASSERT_TRUE(keeper_.has_value());
  ASSERT_TRUE(keeper_->Signal(SIGKILL).ok());
  EXPECT_TRUE(KeeperEnds(SIGKILL));
}

bool KeeperTest::KeeperEnds(int32_t status) {
  if (!keeper_ || !Await(keeper_->fd(), POLLIN)) return false;
  const int32_t pid = keeper_->identity().pid;
  keeper_.reset();
  return ChildEnds(pid, status);
}

bool KeeperTest::ChildEnds(int32_t pid, int32_t status) {
  int wait_status = 0;
  pid_t ended = 0;
  do {
    ended = waitpid(pid, &wait_status, 0);
  } while (ended < 0 && errno == EINTR);
  return ended == pid && wait_status == status;
}

// Reaps and forgets all children, so that the keeper may end.
void KeeperTest::ForgetAll() {
  // The keeper may have ended already.
  absl::StatusOr<std::unique_ptr<KeeperClient>> client =
      KeeperClient::Connect(directory_, kPatience);
  if (!client.ok()) return;
  size_t alive = 0;
  for (const keeper::Child& child : (*client)->children()) {
    if (!child.wait_status) ++alive;
    EXPECT_TRUE((*client)->Forget(child.launch).ok());
  }
  for (; alive > 0; --alive) {
    const keeper::Message message = Next(**client);
    const auto* const exited = std::get_if<keeper::Exited>(&message);
    ASSERT_NE(exited, nullptr);
    EXPECT_TRUE((*client)->Forget(exited->launch).ok());
  }
}

}  // namespace tallyman::stacks
