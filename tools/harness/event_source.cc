#include "tools/harness/event_source.h"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tools/harness/http_socket.h"

namespace tallyman::harness {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kEventEnd = "\n\n";

}  // namespace

absl::StatusOr<EventSource> EventSource::Open(int port, std::string_view target,
                                              std::string_view token,
                                              std::string_view last_id) {
  std::vector<std::string> headers = {
      absl::StrCat("Authorization: Bearer ", token)};
  if (!last_id.empty()) {
    headers.push_back(absl::StrCat("Last-Event-ID: ", last_id));
  }
  return OpenWith(port, target, headers);
}

absl::StatusOr<EventSource> EventSource::OpenWith(
    int port, std::string_view target,
    const std::vector<std::string>& headers) {
  absl::StatusOr<HttpSocket> socket = HttpSocket::Connect(port);
  if (!socket.ok()) return socket.status();
  EventSource source(*std::move(socket));
  std::string request =
      absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: 127.0.0.1\r\n",
                   "Accept: text/event-stream\r\n");
  for (const std::string& header : headers) {
    absl::StrAppend(&request, header, "\r\n");
  }
  if (absl::Status sent = source.socket_.Send(absl::StrCat(request, "\r\n"));
      !sent.ok()) {
    return sent;
  }
  size_t end = 0;
  while ((end = source.bytes_.find(kHeadEnd)) == std::string::npos) {
    if (absl::Status more = source.Receive(); !more.ok()) return more;
  }
  const std::string text = source.bytes_.substr(0, end);
  source.bytes_.erase(0, end + kHeadEnd.size());
  const absl::StatusOr<HttpHead> head = ParseHttpHead(text);
  if (!head.ok()) return head.status();
  bool is_stream = false;
  bool is_chunked = false;
  for (const auto& [name, value] : head->headers) {
    is_stream |= absl::EqualsIgnoreCase(name, "Content-Type") &&
                 value == "text/event-stream";
    is_chunked |=
        absl::EqualsIgnoreCase(name, "Transfer-Encoding") && value == "chunked";
  }
  if (head->status != 200 || !is_stream || !is_chunked) {
    return absl::FailedPreconditionError(
        absl::StrCat(text, kHeadEnd, source.bytes_));
  }
  return source;
}

absl::Status EventSource::Receive() {
  std::array<char, 4096> buffer = {};
  const absl::StatusOr<size_t> size =
      socket_.Receive(buffer.data(), buffer.size());
  if (!size.ok()) return size.status();
  bytes_.append(buffer.data(), *size);
  return absl::OkStatus();
}

absl::StatusOr<std::string> EventSource::TakeLine() {
  size_t end = 0;
  while ((end = bytes_.find(kLineEnd)) == std::string::npos) {
    if (absl::Status more = Receive(); !more.ok()) return more;
  }
  std::string line = bytes_.substr(0, end);
  bytes_.erase(0, end + kLineEnd.size());
  return line;
}

absl::Status EventSource::ReadChunk() {
  const absl::StatusOr<std::string> line = TakeLine();
  if (!line.ok()) return line.status();
  size_t size = 0;
  if (!absl::SimpleHexAtoi(*line, &size)) {
    return absl::InternalError(absl::StrCat("no size of a chunk: ", *line));
  }
  if (size == 0) return absl::OutOfRangeError("the stream has ended");
  while (bytes_.size() < size + kLineEnd.size()) {
    if (absl::Status more = Receive(); !more.ok()) return more;
  }
  text_.append(bytes_, 0, size);
  bytes_.erase(0, size + kLineEnd.size());
  return absl::OkStatus();
}

absl::StatusOr<ServerEvent> EventSource::Next() {
  while (true) {
    size_t end = 0;
    while ((end = text_.find(kEventEnd)) == std::string::npos) {
      if (absl::Status read = ReadChunk(); !read.ok()) return read;
    }
    const std::string block = text_.substr(0, end);
    text_.erase(0, end + kEventEnd.size());
    ServerEvent event = {.type = "message", .data = ""};
    for (const std::string_view line : absl::StrSplit(block, '\n')) {
      const std::pair<std::string_view, std::string_view> field =
          absl::StrSplit(line, absl::MaxSplits(": ", 1));
      if (field.first == "event") event.type = field.second;
      if (field.first == "id") last_id_ = field.second;
      if (field.first == "data") {
        absl::StrAppend(&event.data, event.data.empty() ? "" : "\n",
                        field.second);
      }
    }
    // A block without data dispatches no event.
    if (!event.data.empty()) return event;
  }
}

}  // namespace tallyman::harness
