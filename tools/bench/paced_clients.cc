#include "tools/bench/paced_clients.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "tools/bench/interruption.h"
#include "tools/crowd/answer_reader.h"
#include "tools/crowd/loopback.h"

namespace tallyman::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kWarmUp(1);
// How long the last answers may take.
constexpr std::chrono::seconds kPatience(10);
constexpr size_t kBufferSize = size_t{64} << 10;

struct Client {
  base::UniqueFd fd;
  crowd::AnswerReader reader;
  size_t request = 0;
  bool is_waiting = false;  // For an answer.
  Clock::time_point since;
  std::deque<Clock::time_point> overdue;  // Not sent yet.
};

class PacedRun {
 public:
  explicit PacedRun(const PacedOptions& options)
      : options_(options),
        interval_(std::chrono::duration_cast<Clock::duration>(
            std::chrono::duration<double>(1 / options.requests_per_second))),
        buffer_(kBufferSize) {
    result_.milliseconds.resize(options.requests.size());
  }

  absl::Status Connect();
  absl::StatusOr<PacedResult> Run();

 private:
  void Send(Client& client, Clock::time_point since);
  void Receive(Client& client);
  void Fail(Client& client);
  void AwaitEvents(Clock::time_point until);

  const PacedOptions& options_;
  const Clock::duration interval_;
  base::UniqueFd epoll_;
  std::vector<Client> clients_;
  std::vector<char> buffer_;
  size_t waiting_ = 0;
  Clock::time_point counted_from_;
  PacedResult result_;
};

absl::Status PacedRun::Connect() {
  epoll_ = base::UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.valid()) return absl::ErrnoToStatus(errno, "epoll_create1");
  clients_.resize(options_.clients);
  for (size_t i = 0; i < clients_.size(); ++i) {
    absl::StatusOr<base::UniqueFd> fd =
        crowd::ConnectLoopback({.port = options_.port, .index = i});
    if (!fd.ok()) return fd.status();
    clients_[i].fd = *std::move(fd);
    // Half of them begin with another request than the others.
    clients_[i].request = i % options_.requests.size();
    epoll_event event = {.events = EPOLLIN, .data = {.u64 = i}};
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, clients_[i].fd.get(), &event);
  }
  return absl::OkStatus();
}

void PacedRun::Send(Client& client, Clock::time_point since) {
  const std::string& request = options_.requests[client.request];
  client.since = since;
  client.is_waiting = true;
  ++waiting_;
  if (send(client.fd.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    Fail(client);
  }
}

void PacedRun::Fail(Client& client) {
  ++result_.failures;
  if (client.is_waiting) --waiting_;
  client.fd.reset();
}

void PacedRun::Receive(Client& client) {
  const ssize_t got =
      recv(client.fd.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0 || !client.is_waiting ||
      !client.reader.Feed({buffer_.data(), static_cast<size_t>(got)})) {
    Fail(client);
    return;
  }
  if (!client.reader.is_complete()) return;
  const Clock::time_point now = Clock::now();
  if (client.reader.status() != 200) {
    ++result_.failures;
  } else if (client.since >= counted_from_) {
    result_.milliseconds[client.request].push_back(
        absl::ToDoubleMilliseconds(absl::FromChrono(now - client.since)));
  }
  client.reader.Reset();
  client.is_waiting = false;
  --waiting_;
  client.request = (client.request + 1) % options_.requests.size();
  if (client.overdue.empty()) return;
  const Clock::time_point due = client.overdue.front();
  client.overdue.pop_front();
  Send(client, due);
}

void PacedRun::AwaitEvents(Clock::time_point until) {
  const Clock::duration left =
      std::max(until - Clock::now(), Clock::duration::zero());
  const timespec timeout = absl::ToTimespec(absl::FromChrono(left));
  std::array<epoll_event, 64> events;
  const int ready =
      epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()),
                   &timeout, nullptr);
  for (int i = 0; i < ready; ++i) {
    Client& client = clients_[events[static_cast<size_t>(i)].data.u64];
    if (client.fd.valid()) Receive(client);
  }
}

absl::StatusOr<PacedResult> PacedRun::Run() {
  const Clock::time_point begin = Clock::now();
  counted_from_ = begin + kWarmUp;
  const Clock::time_point end =
      counted_from_ + absl::ToChronoMilliseconds(options_.duration);
  Clock::time_point due = begin;
  for (size_t turn = 0; due < end; due += interval_, ++turn) {
    while (Clock::now() < due) AwaitEvents(due);
    if (absl::Status status = CheckInterruption(); !status.ok()) return status;
    Client& client = clients_[turn % clients_.size()];
    if (!client.fd.valid()) continue;
    if (client.is_waiting) {
      client.overdue.push_back(due);
    } else {
      Send(client, Clock::now());
    }
  }
  const Clock::time_point patience = Clock::now() + kPatience;
  while (waiting_ > 0 && Clock::now() < patience) AwaitEvents(patience);
  result_.failures += static_cast<int64_t>(waiting_);
  return std::move(result_);
}

}  // namespace

absl::StatusOr<PacedResult> RunPacedClients(const PacedOptions& options) {
  PacedRun run(options);
  if (absl::Status connected = run.Connect(); !connected.ok()) {
    return connected;
  }
  return run.Run();
}

}  // namespace tallyman::bench
