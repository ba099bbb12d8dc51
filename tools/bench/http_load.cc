#include "tools/bench/http_load.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "platform/unique_fd.h"

namespace tallyman::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kBufferSize = size_t{256} << 10;
constexpr time_t kTimeoutSeconds = 60;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

// The size of the body that follows.
absl::StatusOr<size_t> ParseHead(std::string_view head) {
  const std::vector<std::string_view> lines = absl::StrSplit(head, "\r\n");
  const std::vector<std::string_view> words = absl::StrSplit(lines[0], ' ');
  if (words.size() < 2 || words[1] != "200") {
    return absl::InternalError(
        absl::StrCat("the server answers \"", lines[0], "\""));
  }
  for (const std::string_view line : lines) {
    const std::pair<std::string_view, std::string_view> header =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    size_t size = 0;
    if (absl::EqualsIgnoreCase(header.first, "Content-Length") &&
        absl::SimpleAtoi(absl::StripAsciiWhitespace(header.second), &size)) {
      return size;
    }
  }
  return absl::InternalError("an answer without Content-Length");
}

// What one client got.
struct Share {
  absl::Status status;
  int64_t answers = 0;
  absl::Duration until_last;
};

void FetchUntil(HttpFetcher& fetcher, Clock::time_point begin,
                Clock::time_point deadline, Share& share) {
  Clock::time_point now = begin;
  while (now < deadline) {
    const absl::StatusOr<size_t> size = fetcher.Fetch();
    now = Clock::now();
    if (!size.ok()) {
      share.status = size.status();
      return;
    }
    ++share.answers;
  }
  share.until_last = absl::FromChrono(now - begin);
}

}  // namespace

HttpFetcher::HttpFetcher(platform::UniqueFd socket, std::string request)
    : socket_(std::move(socket)),
      request_(std::move(request)),
      buffer_(kBufferSize) {}

absl::StatusOr<HttpFetcher> HttpFetcher::Connect(const HttpTarget& target) {
  platform::UniqueFd connection(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!connection.valid()) return absl::ErrnoToStatus(errno, "socket");
  const int on = 1;
  const timeval timeout = {.tv_sec = kTimeoutSeconds, .tv_usec = 0};
  setsockopt(connection.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout,
             sizeof(timeout));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(target.port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(connection.get(), reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) != 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat("connecting to port ", target.port));
  }
  return HttpFetcher(
      std::move(connection),
      absl::StrCat("GET ", target.path,
                   " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ",
                   target.token, "\r\n\r\n"));
}

absl::Status HttpFetcher::Send() const {
  std::string_view left = request_;
  while (!left.empty()) {
    const ssize_t sent =
        send(socket_.get(), left.data(), left.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return absl::ErrnoToStatus(errno, "sending");
    left.remove_prefix(static_cast<size_t>(sent));
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> HttpFetcher::Receive(char* to, size_t size) const {
  ssize_t got = 0;
  do {
    got = recv(socket_.get(), to, size, 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) {
    return absl::DeadlineExceededError("the server does not answer");
  }
  if (got < 0) return absl::ErrnoToStatus(errno, "receiving");
  if (got == 0) {
    return absl::UnavailableError("the server has closed the connection");
  }
  return static_cast<size_t>(got);
}

absl::StatusOr<size_t> HttpFetcher::Fetch() {
  if (absl::Status sent = Send(); !sent.ok()) return sent;
  size_t have = 0;
  size_t head_end = std::string_view::npos;
  while (head_end == std::string_view::npos) {
    if (have == buffer_.size()) {
      return absl::InternalError("the head of an answer is too long");
    }
    const absl::StatusOr<size_t> got =
        Receive(buffer_.data() + have, buffer_.size() - have);
    if (!got.ok()) return got.status();
    have += *got;
    head_end = std::string_view(buffer_.data(), have).find(kHeadEnd);
  }
  const absl::StatusOr<size_t> body =
      ParseHead(std::string_view(buffer_.data(), head_end));
  if (!body.ok()) return body.status();
  have -= head_end + kHeadEnd.size();
  while (have < *body) {
    const absl::StatusOr<size_t> got =
        Receive(buffer_.data(), std::min(buffer_.size(), *body - have));
    if (!got.ok()) return got.status();
    have += *got;
  }
  if (have > *body) {
    return absl::InternalError("the server sends more than Content-Length");
  }
  return *body;
}

absl::StatusOr<FetchTimes> MeasureFetches(const HttpTarget& target, int times) {
  absl::StatusOr<HttpFetcher> fetcher = HttpFetcher::Connect(target);
  if (!fetcher.ok()) return fetcher.status();
  FetchTimes result;
  result.milliseconds.reserve(static_cast<size_t>(times));
  for (int i = 0; i <= times; ++i) {
    const Clock::time_point begin = Clock::now();
    const absl::StatusOr<size_t> size = fetcher->Fetch();
    const Clock::duration elapsed = Clock::now() - begin;
    if (!size.ok()) {
      return absl::Status(
          size.status().code(),
          absl::StrCat("GET ", target.path, ": ", size.status().message()));
    }
    result.body_bytes = *size;
    if (i == 0) continue;
    result.milliseconds.push_back(
        absl::ToDoubleMilliseconds(absl::FromChrono(elapsed)));
  }
  return result;
}

absl::StatusOr<double> MeasureRate(const HttpTarget& target, int clients,
                                   absl::Duration duration) {
  std::vector<HttpFetcher> fetchers;
  fetchers.reserve(static_cast<size_t>(clients));
  for (int i = 0; i < clients; ++i) {
    absl::StatusOr<HttpFetcher> fetcher = HttpFetcher::Connect(target);
    if (!fetcher.ok()) return fetcher.status();
    if (auto first = fetcher->Fetch(); !first.ok()) return first.status();
    fetchers.push_back(*std::move(fetcher));
  }
  std::vector<Share> shares(fetchers.size());
  const Clock::time_point begin = Clock::now();
  const Clock::time_point deadline =
      begin + absl::ToChronoMilliseconds(duration);
  {
    std::vector<std::jthread> threads;
    threads.reserve(fetchers.size());
    for (size_t i = 0; i < fetchers.size(); ++i) {
      threads.emplace_back(FetchUntil, std::ref(fetchers[i]), begin, deadline,
                           std::ref(shares[i]));
    }
  }
  double rate = 0;
  for (const Share& share : shares) {
    if (!share.status.ok()) return share.status;
    rate += static_cast<double>(share.answers) /
            absl::ToDoubleSeconds(share.until_last);
  }
  return rate;
}

}  // namespace tallyman::bench
