// Decodes chunked bodies (RFC 9112, section 7.1), strictly.
//
//   ChunkedDecoder decoder(max_body_bytes);
//   while (more bytes) state = decoder.Decode(bytes, body);

#ifndef TALLYMAN_SERVER_HTTP_CHUNKED_DECODER_H_
#define TALLYMAN_SERVER_HTTP_CHUNKED_DECODER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tallyman::server {

// The largest line of a chunk's size with its extensions, and the largest
// trailer section, in bytes.
inline constexpr size_t kMaxChunkLine = 4096;
inline constexpr size_t kMaxTrailers = 8192;

// Not thread-safe.
class ChunkedDecoder {
 public:
  enum class State : uint8_t {
    kIncomplete,
    kComplete,
    kMalformed,  // Nothing after it can be understood.
    kTooLarge,   // The body would have more than `max_bytes`.
  };

  explicit ChunkedDecoder(size_t max_bytes) : max_bytes_(max_bytes) {}

  // Removes the bytes that it has read from `bytes` and appends the decoded
  // ones to `body`. After kComplete the rest of `bytes` is the next request.
  // Chunk extensions and trailers are checked and dropped; each line ends with
  // CRLF.
  State Decode(std::string_view& bytes, std::string& body);

 private:
  enum class Part : uint8_t { kSize, kData, kDataEnd, kTrailer };

  // Moves bytes up to the end of a line into `line_`. True if it is whole.
  bool ReadLine(std::string_view& bytes, size_t max_size);
  State ReadSize(std::string_view& bytes);
  State ReadTrailer(std::string_view& bytes);

  const size_t max_bytes_;
  Part part_ = Part::kSize;
  size_t left_in_chunk_ = 0;
  size_t decoded_ = 0;
  size_t trailers_ = 0;
  bool is_line_bad_ = false;
  std::string line_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_CHUNKED_DECODER_H_
