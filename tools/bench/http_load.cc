#include "tools/bench/http_load.h"

#include <algorithm>
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
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tools/harness/http_socket.h"

namespace tallyman::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kBufferSize = size_t{256} << 10;

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

HttpFetcher::HttpFetcher(harness::HttpSocket socket, std::string request)
    : socket_(std::move(socket)),
      request_(std::move(request)),
      buffer_(kBufferSize) {}

absl::StatusOr<HttpFetcher> HttpFetcher::Connect(const HttpTarget& target) {
  constexpr absl::Duration kTimeout = absl::Minutes(1);
  absl::StatusOr<harness::HttpSocket> socket =
      harness::HttpSocket::Connect(target.port, kTimeout);
  if (!socket.ok()) return socket.status();
  return HttpFetcher(
      *std::move(socket),
      absl::StrCat("GET ", target.path,
                   " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ",
                   target.token, "\r\n\r\n"));
}

absl::StatusOr<size_t> HttpFetcher::Fetch() {
  if (absl::Status sent = socket_.Send(request_); !sent.ok()) return sent;
  size_t have = 0;
  size_t head_end = std::string_view::npos;
  while (head_end == std::string_view::npos) {
    if (have == buffer_.size()) {
      return absl::InternalError("the head of an answer is too long");
    }
    const absl::StatusOr<size_t> got =
        socket_.Receive(buffer_.data() + have, buffer_.size() - have);
    if (!got.ok()) return got.status();
    have += *got;
    head_end = std::string_view(buffer_.data(), have).find(harness::kHeadEnd);
  }
  const std::string_view text(buffer_.data(), head_end);
  const absl::StatusOr<harness::HttpHead> head = harness::ParseHttpHead(text);
  if (!head.ok()) return head.status();
  if (head->status != 200) {
    return absl::InternalError(absl::StrCat(
        "the server answers \"", text.substr(0, text.find('\r')), "\""));
  }
  if (!head->body_size) {
    return absl::InternalError("the server sends no Content-Length");
  }
  const size_t body = *head->body_size;
  have -= head_end + harness::kHeadEnd.size();
  while (have < body) {
    const absl::StatusOr<size_t> got =
        socket_.Receive(buffer_.data(), std::min(buffer_.size(), body - have));
    if (!got.ok()) return got.status();
    have += *got;
  }
  if (have > body) {
    return absl::InternalError("the server sends more than Content-Length");
  }
  return body;
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
