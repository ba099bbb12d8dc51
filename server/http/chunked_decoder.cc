#include "server/http/chunked_decoder.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "server/http/byte_classes.h"

namespace tallyman::server {
namespace {

// A size of more digits is above any limit of a body.
constexpr size_t kMaxSizeDigits = 15;

// Whether `line` is chunk-size [chunk-ext]. White space before extensions
// (BWS) is refused: implementations differ about it.
bool ParseSizeLine(std::string_view line, size_t& size) {
  const size_t digits_end = line.find(';');
  const std::string_view digits = line.substr(0, digits_end);
  if (digits.empty() || digits.size() > kMaxSizeDigits) return false;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return false;
  }
  return IsAllOf(ByteClass::kFieldValue, line);
}

bool IsTrailerLine(std::string_view line) {
  const size_t colon = line.find(':');
  return colon != std::string_view::npos && colon > 0 &&
         IsAllOf(ByteClass::kName, line.substr(0, colon)) &&
         IsAllOf(ByteClass::kFieldValue, line.substr(colon + 1));
}

}  // namespace

bool ChunkedDecoder::ReadLine(std::string_view& bytes, size_t max_size) {
  const size_t end = bytes.find('\n');
  const size_t size = end == std::string_view::npos ? bytes.size() : end + 1;
  if (line_.size() + size > max_size) {
    is_line_bad_ = true;
    return true;
  }
  line_.append(bytes.substr(0, size));
  bytes.remove_prefix(size);
  const size_t cr = line_.find('\r');
  if (end == std::string_view::npos) {
    // A CR may be the last byte so far.
    is_line_bad_ = cr != std::string::npos && cr + 1 != line_.size();
    return is_line_bad_;
  }
  if (cr == std::string::npos || cr + 2 != line_.size()) {
    is_line_bad_ = true;
    return true;
  }
  line_.resize(cr);
  return true;
}

ChunkedDecoder::State ChunkedDecoder::ReadSize(std::string_view& bytes) {
  if (!ReadLine(bytes, kMaxChunkLine)) return State::kIncomplete;
  size_t size = 0;
  if (is_line_bad_ || !ParseSizeLine(line_, size)) return State::kMalformed;
  line_.clear();
  if (size > max_bytes_ - decoded_) return State::kTooLarge;
  left_in_chunk_ = size;
  part_ = size == 0 ? Part::kTrailer : Part::kData;
  return State::kIncomplete;
}

ChunkedDecoder::State ChunkedDecoder::ReadTrailer(std::string_view& bytes) {
  if (!ReadLine(bytes, kMaxTrailers - trailers_)) return State::kIncomplete;
  if (is_line_bad_) return State::kMalformed;
  if (line_.empty()) return State::kComplete;
  if (!IsTrailerLine(line_)) return State::kMalformed;
  trailers_ += line_.size() + 2;
  line_.clear();
  return State::kIncomplete;
}

ChunkedDecoder::State ChunkedDecoder::Decode(std::string_view& bytes,
                                             std::string& body) {
  while (!bytes.empty()) {
    State state = State::kIncomplete;
    switch (part_) {
      case Part::kSize:
        state = ReadSize(bytes);
        break;
      case Part::kData: {
        const size_t size = std::min(left_in_chunk_, bytes.size());
        body.append(bytes.substr(0, size));
        bytes.remove_prefix(size);
        decoded_ += size;
        left_in_chunk_ -= size;
        if (left_in_chunk_ == 0) part_ = Part::kDataEnd;
        break;
      }
      case Part::kDataEnd:
        if (!ReadLine(bytes, 2)) break;
        if (is_line_bad_ || !line_.empty()) return State::kMalformed;
        part_ = Part::kSize;
        break;
      case Part::kTrailer:
        state = ReadTrailer(bytes);
        break;
    }
    if (state != State::kIncomplete) return state;
  }
  return State::kIncomplete;
}

}  // namespace tallyman::server
