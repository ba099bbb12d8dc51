// The parameters of a query string or of a form body.

#ifndef TALLYMAN_API_HTTP_PARAMS_H_
#define TALLYMAN_API_HTTP_PARAMS_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace tallyman::api {

// Decoded names and values in the order of the text. Names may repeat.
class Params {
 public:
  Params() = default;

  // Decodes application/x-www-form-urlencoded text (WHATWG URL standard,
  // section 5.1): pairs separated by '&', '+' for a space, percent-encoded
  // bytes. Accepts any text: a '%' that begins no encoded byte stands for
  // itself.
  static Params Parse(std::string_view text);

  // The first value of `name`; nullopt if it is absent.
  std::optional<std::string_view> Get(std::string_view name) const;

  // The first value of `name` as a decimal integer from `min`, which is not
  // negative, to `max`; nullopt if `name` is absent. InvalidArgument names the
  // parameter and the range, and quotes the value.
  absl::StatusOr<std::optional<int64_t>> GetInteger(
      std::string_view name, int64_t min,
      int64_t max = std::numeric_limits<int64_t>::max()) const;

  const std::vector<std::pair<std::string, std::string>>& all() const {
    return all_;
  }

 private:
  std::vector<std::pair<std::string, std::string>> all_;
};

// Decodes percent-encoded bytes (RFC 3986, section 2.1). Unlike in Params, '+'
// stands for itself.
std::string DecodePercent(std::string_view text);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HTTP_PARAMS_H_
