#include "tools/crowd/answer_reader.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tools/harness/http_socket.h"

namespace tallyman::crowd {
namespace {

constexpr size_t kMaxHead = size_t{16} << 10;

}  // namespace

std::string GetRequest(std::string_view path, std::string_view token,
                       std::string_view headers) {
  return absl::StrCat("GET ", path,
                      " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ",
                      token, "\r\n", headers, "\r\n");
}

bool AnswerReader::Feed(std::string_view bytes) {
  last_body_ = {};
  if (!has_head()) {
    const size_t before = head_.size();
    head_.append(bytes);
    const size_t end = head_.find(harness::kHeadEnd);
    if (end == std::string::npos) return head_.size() <= kMaxHead;
    bytes.remove_prefix(end + harness::kHeadEnd.size() - before);
    if (!EndHead(end)) return false;
  }
  if (bytes.size() > left_) return false;
  if (left_ != SIZE_MAX) left_ -= bytes.size();
  body_size_ += bytes.size();
  last_body_ = bytes;
  return true;
}

bool AnswerReader::EndHead(size_t end) {
  const absl::StatusOr<harness::HttpHead> head =
      harness::ParseHttpHead(std::string_view(head_).substr(0, end));
  if (!head.ok() || head->status == 0) return false;
  status_ = head->status;
  left_ = head->body_size.value_or(SIZE_MAX);
  for (const auto& [name, value] : head->headers) {
    if (absl::EqualsIgnoreCase(name, "Retry-After")) has_retry_after_ = true;
  }
  // Thousands of readers: gives the memory back.
  std::string().swap(head_);
  return true;
}

}  // namespace tallyman::crowd
