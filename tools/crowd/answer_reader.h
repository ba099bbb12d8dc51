// Requests as text, and answers read piece by piece.

#ifndef TALLYMAN_TOOLS_CROWD_ANSWER_READER_H_
#define TALLYMAN_TOOLS_CROWD_ANSWER_READER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tallyman::crowd {

// A GET with the token; `headers` are further lines, each with its line end.
std::string GetRequest(std::string_view path, std::string_view token,
                       std::string_view headers = "");

// Follows one HTTP/1.1 answer in the bytes of a connection; keeps nothing of
// its body. Not thread-safe.
//
//   AnswerReader reader;
//   while (!reader.is_complete()) {
//     const ssize_t got = recv(fd, buffer, sizeof(buffer), 0);
//     if (got <= 0 || !reader.Feed({buffer, size_t(got)})) ...
//   }
class AnswerReader {
 public:
  // False if the bytes are no answer, or more than one: no request is sent
  // before the answer to the last one is complete.
  bool Feed(std::string_view bytes);

  // The next bytes begin another answer.
  void Reset() { *this = AnswerReader(); }

  bool has_head() const { return status_ != 0; }
  bool is_complete() const { return has_head() && left_ == 0; }
  // 0 before the end of the head.
  int status() const { return status_; }
  bool has_retry_after() const { return has_retry_after_; }
  // The bytes of the body that the last Feed() had.
  std::string_view last_body() const { return last_body_; }
  size_t body_size() const { return body_size_; }

 private:
  bool EndHead(size_t end);

  std::string head_;
  int status_ = 0;
  bool has_retry_after_ = false;
  size_t left_ = 0;  // Of the body; SIZE_MAX without Content-Length.
  size_t body_size_ = 0;
  std::string_view last_body_;
};

}  // namespace tallyman::crowd

#endif  // TALLYMAN_TOOLS_CROWD_ANSWER_READER_H_
