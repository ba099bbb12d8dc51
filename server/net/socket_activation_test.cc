// Uses real sockets, and an environment of its own.

#include "server/net/socket_activation.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "server/net/listening_socket.h"
#include "server/net/testing/test_sockets.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Far above the descriptors that the test has open otherwise.
constexpr int kFirst = 700;
constexpr pid_t kPid = 1234;

class SocketActivationTest : public testing::Test {
 protected:
  // What the server gets as descriptor kFirst + `index`. No other descriptor
  // keeps the socket open.
  static void Pass(int index, base::UniqueFd fd) {
    CHECK_EQ(dup2(fd.get(), kFirst + index), kFirst + index);
  }

  absl::StatusOr<std::vector<ListeningSocket>> Take() {
    return TakeActivatedSockets({
        .get = [this](const char* name) -> std::optional<std::string> {
          const auto found = environment_.find(name);
          if (found == environment_.end()) return std::nullopt;
          return found->second;
        },
        .unset = [this](const char* name) { environment_.erase(name); },
        .first_fd = kFirst,
        .pid = kPid,
    });
  }

  std::string TakeError() {
    const absl::Status status = Take().status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_THAT(environment_, IsEmpty());
    return std::string(status.message());
  }

  std::map<std::string, std::string> environment_;
};

TEST_F(SocketActivationTest, TakesSocketsWithTheirNames) {
  const std::vector<std::string> names = {"https", "https-public", "http",
                                          "tallyman.socket"};
  std::vector<int> ports;
  for (int i = 0; i < 4; ++i) {
    base::UniqueFd fd = Listening(V4(0));
    ports.push_back(PortOf(fd));
    Pass(i, std::move(fd));
  }
  environment_ = {
      {"LISTEN_PID", absl::StrCat(kPid)},
      {"LISTEN_FDS", "4"},
      {"LISTEN_FDNAMES", "https:https-public:http:tallyman.socket"}};
  const auto sockets = Take();
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  EXPECT_THAT(environment_, IsEmpty());
  ASSERT_EQ(sockets->size(), size_t{4});
  const std::vector<std::optional<bool>> tls = {true, true, false,
                                                std::nullopt};
  for (size_t i = 0; i < sockets->size(); ++i) {
    const ListeningSocket& socket = (*sockets)[i];
    EXPECT_EQ(socket.fd(), kFirst + static_cast<int>(i));
    EXPECT_EQ(socket.address().port, ports[i]);
    EXPECT_EQ(socket.address().tls, tls[i]) << names[i];
    EXPECT_NE(fcntl(socket.fd(), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_NE(fcntl(socket.fd(), F_GETFL) & O_NONBLOCK, 0);
  }
}

TEST_F(SocketActivationTest, NamesAreOptional) {
  Pass(0, Listening(V4(0)));
  environment_ = {{"LISTEN_PID", absl::StrCat(kPid)}, {"LISTEN_FDS", "1"}};
  const auto sockets = Take();
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  ASSERT_EQ(sockets->size(), size_t{1});
  EXPECT_EQ(sockets->front().address().tls, std::nullopt);
}

TEST_F(SocketActivationTest, ThereMayBeNone) {
  for (const std::map<std::string, std::string>& environment :
       std::vector<std::map<std::string, std::string>>{
           {},
           {{"LISTEN_FDS", "1"}},
           {{"LISTEN_PID", absl::StrCat(kPid)}},
           {{"LISTEN_PID", absl::StrCat(kPid)}, {"LISTEN_FDS", "0"}},
           {{"LISTEN_PID", absl::StrCat(kPid)},
            {"LISTEN_FDS", "0"},
            {"LISTEN_FDNAMES", ""}},
           // Of another process; the descriptor may be anything.
           {{"LISTEN_PID", absl::StrCat(kPid + 1)}, {"LISTEN_FDS", "1"}}}) {
    environment_ = environment;
    const auto sockets = Take();
    ASSERT_TRUE(sockets.ok()) << sockets.status();
    EXPECT_THAT(*sockets, IsEmpty());
    EXPECT_THAT(environment_, IsEmpty());
  }
}

TEST_F(SocketActivationTest, LeavesTheDescriptorsOfAnotherProcess) {
  Pass(0, Listening(V4(0)));
  const base::UniqueFd passed(kFirst);
  environment_ = {{"LISTEN_PID", absl::StrCat(kPid + 1)}, {"LISTEN_FDS", "1"}};
  EXPECT_THAT(*Take(), IsEmpty());
  EXPECT_GE(fcntl(passed.get(), F_GETFD), 0);
}

TEST_F(SocketActivationTest, NamesAWrongVariable) {
  const auto error = [this](const std::string& pid, const std::string& count,
                            const std::string& names) {
    environment_ = {
        {"LISTEN_PID", pid}, {"LISTEN_FDS", count}, {"LISTEN_FDNAMES", names}};
    return TakeError();
  };
  const std::string pid = absl::StrCat(kPid);
  EXPECT_THAT(error("x", "1", "a"), HasSubstr("LISTEN_PID=\"x\""));
  EXPECT_THAT(error("-1", "1", "a"), HasSubstr("LISTEN_PID=\"-1\""));
  EXPECT_THAT(error(pid, "", "a"), HasSubstr("LISTEN_FDS=\"\""));
  EXPECT_THAT(error(pid, "-1", "a"), HasSubstr("LISTEN_FDS=\"-1\""));
  EXPECT_THAT(error(pid, "99999999", "a"), HasSubstr("LISTEN_FDS="));
  EXPECT_THAT(error(pid, "1", "a:b"),
              HasSubstr("LISTEN_FDNAMES=\"a:b\" has 2 names"));
}

TEST_F(SocketActivationTest, NamesAWrongDescriptor) {
  Pass(0, Listening(V4(0)));
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  Pass(1, base::UniqueFd(null));
  environment_ = {{"LISTEN_PID", absl::StrCat(kPid)},
                  {"LISTEN_FDS", "2"},
                  {"LISTEN_FDNAMES", "http:other"}};
  EXPECT_EQ(TakeError(),
            "cannot use descriptor 701 (\"other\") of the service manager: it "
            "is not a socket");
  EXPECT_EQ(fcntl(kFirst, F_GETFD), -1);  // Closed.

  environment_ = {{"LISTEN_PID", absl::StrCat(kPid)}, {"LISTEN_FDS", "1"}};
  EXPECT_THAT(TakeError(), HasSubstr("descriptor 700 (\"\")"));
}

// Without `get` and `unset`, in the real environment.
TEST_F(SocketActivationTest, ReadsTheEnvironmentOfTheProcess) {
  Pass(0, Listening(V4(0)));
  // NOLINTBEGIN(concurrency-mt-unsafe): there is one thread.
  ASSERT_EQ(setenv("LISTEN_PID", absl::StrCat(getpid()).c_str(), 1), 0);
  ASSERT_EQ(setenv("LISTEN_FDS", "1", 1), 0);
  ASSERT_EQ(setenv("LISTEN_FDNAMES", "https", 1), 0);
  const auto sockets = TakeActivatedSockets({.first_fd = kFirst});
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  ASSERT_EQ(sockets->size(), size_t{1});
  EXPECT_EQ(sockets->front().address().tls, true);
  for (const char* const name :
       {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
    EXPECT_EQ(getenv(name), nullptr) << name;
  }
  // NOLINTEND(concurrency-mt-unsafe)
}

}  // namespace
}  // namespace tallyman::server
