// Uses real sockets and files.

#include "server/net/unix_socket_file.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "server/net/testing/test_sockets.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;

constexpr mode_t kMode = 0660;

class UnixSocketFileTest : public testing::Test {
 protected:
  // The status of binding a new socket to `path`.
  static absl::Status Bind(const std::string& path) {
    return UnixSocketFile::Bind(NewSocket(AF_UNIX).get(), path, kMode).status();
  }

  static mode_t ModeOf(const std::string& path) {
    struct stat found = {};
    CHECK_EQ(lstat(path.c_str(), &found), 0) << path;
    return found.st_mode;
  }

  const SocketDirectory directory_;
  const std::string path_ = directory_.path() + "/socket";
};

TEST_F(UnixSocketFileTest, HasTheModeWhateverTheUmask) {
  const mode_t before = umask(0777);
  for (const mode_t mode : {0600, 0660, 0666, 0777}) {
    const base::UniqueFd socket = NewSocket(AF_UNIX);
    const auto file = UnixSocketFile::Bind(socket.get(), path_, mode);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(ModeOf(path_), S_IFSOCK | mode);
    umask(0);
  }
  umask(before);
}

TEST_F(UnixSocketFileTest, RefusesConnectionsUntilItListens) {
  const base::UniqueFd socket = NewSocket(AF_UNIX);
  const auto file = UnixSocketFile::Bind(socket.get(), path_, kMode);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(Connect(NewSocket(AF_UNIX), Unix(path_)), ECONNREFUSED);
  ASSERT_EQ(listen(socket.get(), SOMAXCONN), 0);
  EXPECT_EQ(Connect(NewSocket(AF_UNIX), Unix(path_)), 0);
}

TEST_F(UnixSocketFileTest, RemovesItsFile) {
  {
    const base::UniqueFd socket = NewSocket(AF_UNIX);
    absl::StatusOr<UnixSocketFile> file =
        UnixSocketFile::Bind(socket.get(), path_, kMode);
    ASSERT_TRUE(file.ok()) << file.status();
    const UnixSocketFile moved = *std::move(file);
    EXPECT_TRUE(moved.IsInPlace());
    EXPECT_TRUE(std::filesystem::exists(path_));
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(UnixSocketFileTest, KeepsTheFileOfAnother) {
  const base::UniqueFd socket = NewSocket(AF_UNIX);
  absl::StatusOr<UnixSocketFile> file =
      UnixSocketFile::Bind(socket.get(), path_, kMode);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(unlink(path_.c_str()), 0);
  EXPECT_FALSE(file->IsInPlace());
  const base::UniqueFd other = Listening(Unix(path_));
  EXPECT_FALSE(file->IsInPlace());
  file->Remove();
  EXPECT_EQ(Connect(NewSocket(AF_UNIX), Unix(path_)), 0);
}

TEST_F(UnixSocketFileTest, ReplacesTheSocketOfADeadServer) {
  Listening(Unix(path_)).reset();
  ASSERT_TRUE(std::filesystem::exists(path_));
  const base::UniqueFd socket = NewSocket(AF_UNIX);
  const auto file = UnixSocketFile::Bind(socket.get(), path_, kMode);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(file->IsInPlace());
}

TEST_F(UnixSocketFileTest, KeepsTheSocketOfALiveServer) {
  const base::UniqueFd live = Listening(Unix(path_));
  const absl::Status status = Bind(path_);
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(status.message(), HasSubstr("a server listens there already"));
  EXPECT_EQ(Connect(NewSocket(AF_UNIX), Unix(path_)), 0);
}

TEST_F(UnixSocketFileTest, KeepsTheSocketOfABusyServer) {
  const base::UniqueFd live = Bound(Unix(path_));
  ASSERT_EQ(listen(live.get(), 0), 0);
  // The queue has room for one connection.
  const base::UniqueFd first = NewSocket(AF_UNIX);
  ASSERT_EQ(Connect(first, Unix(path_)), 0);
  const base::UniqueFd second = NewSocket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK);
  ASSERT_EQ(Connect(second, Unix(path_)), EAGAIN);
  EXPECT_EQ(Bind(path_).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(UnixSocketFileTest, KeepsADatagramSocket) {
  const base::UniqueFd live = Bound(Unix(path_), SOCK_DGRAM);
  EXPECT_EQ(Bind(path_).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(UnixSocketFileTest, KeepsOtherFiles) {
  const std::string file = directory_.path() + "/file";
  std::ofstream(file) << "text";
  const std::string folder = directory_.path() + "/folder";
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  const std::string fifo = directory_.path() + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  // To the socket of a dead server.
  Listening(Unix(path_)).reset();
  const std::string link = directory_.path() + "/link";
  ASSERT_EQ(symlink(path_.c_str(), link.c_str()), 0);
  const std::string dangling = directory_.path() + "/dangling";
  ASSERT_EQ(symlink("nowhere", dangling.c_str()), 0);
  for (const std::string& each : {file, folder, fifo, link, dangling}) {
    const mode_t before = ModeOf(each);
    const absl::Status status = Bind(each);
    EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists) << each;
    EXPECT_THAT(status.message(), HasSubstr("not a socket"));
    EXPECT_EQ(ModeOf(each), before) << each;
  }
}

TEST_F(UnixSocketFileTest, NeedsAUsablePath) {
  EXPECT_EQ(Bind("").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Bind(std::string("\0x", 2)).code(),
            absl::StatusCode::kInvalidArgument);
  const absl::Status is_long = Bind("/" + std::string(107, 'x'));
  EXPECT_EQ(is_long.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(is_long.message(), HasSubstr("at most 107"));
  EXPECT_EQ(Bind(directory_.path() + "/no/socket").code(),
            absl::StatusCode::kNotFound);
}

TEST_F(UnixSocketFileTest, RemovesARelativePathAfterAChangeOfDirectory) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(directory_.path());
  {
    const base::UniqueFd socket = NewSocket(AF_UNIX);
    const auto file = UnixSocketFile::Bind(socket.get(), "socket", kMode);
    std::filesystem::current_path(before);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_TRUE(std::filesystem::exists(path_));
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace tallyman::server
