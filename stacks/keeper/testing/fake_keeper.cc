#include "stacks/keeper/testing/fake_keeper.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"
#include "stacks/keeper/protocol.h"
#include "stacks/keeper/socket.h"

namespace tallyman::stacks {

FakeKeeper::FakeKeeper(const std::string& directory,
                       std::vector<std::string> packets, Options options) {
  const absl::StatusOr<base::UniqueFd> opened =
      keeper::OpenDirectory(directory);
  CHECK_OK(opened);
  absl::StatusOr<base::UniqueFd> listener = keeper::Listen(opened->get());
  CHECK_OK(listener);
  listener_ = *std::move(listener);
  thread_ = std::thread([this, packets = std::move(packets),
                         options = std::move(options)] {
    pollfd watched = {.fd = listener_.get(), .events = POLLIN, .revents = 0};
    while (poll(&watched, 1, -1) < 0) CHECK_EQ(errno, EINTR);
    connection_ = base::UniqueFd(accept4(listener_.get(), nullptr, nullptr,
                                         SOCK_NONBLOCK | SOCK_CLOEXEC));
    CHECK(connection_.valid());
    listener_.reset();
    if (options.before) options.before();
    for (const std::string& packet : packets) {
      CHECK_OK(keeper::Send(connection_.get(), packet, {}));
    }
    if (options.closes) connection_.reset();
  });
}

FakeKeeper::~FakeKeeper() { connection(); }

base::UniqueFd& FakeKeeper::connection() {
  if (thread_.joinable()) thread_.join();
  return connection_;
}

}  // namespace tallyman::stacks
