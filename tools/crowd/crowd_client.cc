#include "tools/crowd/crowd_client.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "platform/base/unique_fd.h"
#include "tools/crowd/loopback.h"

namespace tallyman::crowd {
namespace {

// Small, so that the server notices that a reader is slow.
constexpr int kSlowReceiveBuffer = 16 << 10;

std::string_view NameOf(ClientKind kind) {
  switch (kind) {
    case ClientKind::kSlowSender:
      return "slow sender";
    case ClientKind::kSlowReader:
      return "slow reader";
    case ClientKind::kFollower:
      return "follower";
    case ClientKind::kVisitor:
      return "visitor";
  }
  return "";
}

}  // namespace

void CrowdCounts::AddProblem(std::string_view what) {
  ++problems;
  const absl::MutexLock lock(&mutex_);
  if (first_problem_.empty()) first_problem_ = std::string(what);
}

std::string CrowdCounts::first_problem() const {
  const absl::MutexLock lock(&mutex_);
  return first_problem_;
}

void CrowdClient::TakeTurn() {
  if (!fd_.valid()) {
    Connect();
  } else if (!is_connected_) {
    return;
  } else if (group_.kind == ClientKind::kSlowSender) {
    Send({&group_.trickle, 1});
  } else if (group_.kind == ClientKind::kSlowReader) {
    Receive(group_.bytes_per_turn);
  }
}

void CrowdClient::Connect() {
  const bool is_slow = group_.kind == ClientKind::kSlowReader;
  absl::StatusOr<base::UniqueFd> fd =
      ConnectLoopback({.port = group_.port,
                       .index = index_,
                       .non_blocking = true,
                       .receive_buffer = is_slow ? kSlowReceiveBuffer : 0});
  if (!fd.ok()) {
    shared_.counts.AddProblem(fd.status().message());
    return;
  }
  fd_ = *std::move(fd);
  epoll_event event = {.events = EPOLLOUT, .data = {.ptr = this}};
  epoll_ctl(shared_.epoll, EPOLL_CTL_ADD, fd_.get(), &event);
}

void CrowdClient::Disconnect() {
  fd_.reset();
  is_connected_ = false;
  reader_.Reset();
}

void CrowdClient::OnConnected() {
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    shared_.counts.AddProblem(
        absl::ErrnoToStatus(error, "connecting").message());
    Disconnect();
    return;
  }
  ++shared_.counts.connected;
  is_connected_ = true;
  // A slow reader reads at its turns only.
  const bool is_slow = group_.kind == ClientKind::kSlowReader;
  epoll_event event = {.events = is_slow ? uint32_t{0} : uint32_t{EPOLLIN},
                       .data = {.ptr = this}};
  epoll_ctl(shared_.epoll, EPOLL_CTL_MOD, fd_.get(), &event);
  if (Send(group_.request) && group_.kind == ClientKind::kSlowSender) Settle();
}

void CrowdClient::Settle() {
  if (!std::exchange(is_settled_, true)) ++shared_.counts.settled;
}

bool CrowdClient::Send(std::string_view bytes) {
  // A request is short, and the socket's buffer has room for it.
  if (send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
      static_cast<ssize_t>(bytes.size())) {
    return true;
  }
  OnEnd(absl::ErrnoToStatus(errno, "sending").message());
  return false;
}

void CrowdClient::OnReady(uint32_t events) {
  if (!is_connected_) {
    OnConnected();
  } else if (group_.kind != ClientKind::kSlowReader ||
             (events & (EPOLLERR | EPOLLHUP)) != 0) {
    Receive(shared_.buffer.size());
  }
}

void CrowdClient::Receive(size_t most) {
  char* const buffer = shared_.buffer.data();
  const ssize_t got =
      recv(fd_.get(), buffer, std::min(most, shared_.buffer.size()), 0);
  if (got > 0) {
    OnBytes({buffer, static_cast<size_t>(got)});
  } else if (got == 0) {
    OnEnd("the server has closed the connection");
  } else if (errno != EAGAIN && errno != EINTR) {
    OnEnd(absl::ErrnoToStatus(errno, "receiving").message());
  }
}

void CrowdClient::OnBytes(std::string_view bytes) {
  const bool had_head = reader_.has_head();
  if (!reader_.Feed(bytes)) {
    shared_.counts.AddProblem(
        absl::StrCat(NameOf(group_.kind), ": the bytes are not one answer"));
    Disconnect();
    return;
  }
  if (!had_head && reader_.has_head()) OnHead();
  if (reader_.status() == 200) {
    const std::string_view body = reader_.last_body();
    shared_.counts.body_bytes += static_cast<int64_t>(body.size());
    if (group_.kind == ClientKind::kFollower) {
      shared_.counts.markers +=
          std::count(body.begin(), body.end(), group_.marker);
    }
  }
  if (reader_.is_complete()) OnAnswer();
}

void CrowdClient::OnHead() {
  const int status = reader_.status();
  const bool is_sender = group_.kind == ClientKind::kSlowSender;
  if (status == 200 && !is_sender) {
    Settle();
  } else if (status == 408 && is_sender) {
    ++shared_.counts.deadline_ends;
  } else if (status == 408 || status == 429 ||
             (status == 503 && reader_.has_retry_after())) {
    ++shared_.counts.refusals;
  } else {
    shared_.counts.AddProblem(
        absl::StrCat(NameOf(group_.kind), ": the server answers ", status));
  }
}

void CrowdClient::OnAnswer() {
  const bool is_ok = reader_.status() == 200;
  if (is_ok) ++shared_.counts.answers;
  reader_.Reset();
  if (is_ok && group_.kind == ClientKind::kSlowReader) {
    Send(group_.request);
    return;
  }
  Disconnect();
  // All others try again at their next turn.
  if (group_.kind == ClientKind::kSlowSender) Connect();
}

void CrowdClient::OnEnd(std::string_view how) {
  const bool is_sender = group_.kind == ClientKind::kSlowSender;
  // The 408 may be lost: the server closes while a byte is on its way to it.
  if (is_sender && !reader_.has_head()) {
    ++shared_.counts.deadline_ends;
  } else if (!is_sender && (!reader_.has_head() || reader_.status() == 200)) {
    shared_.counts.AddProblem(absl::StrCat(NameOf(group_.kind), ": ", how));
  }
  Disconnect();
  if (is_sender) Connect();
}

}  // namespace tallyman::crowd
