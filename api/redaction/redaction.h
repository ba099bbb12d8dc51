// Hides secrets in command lines and other text, before the server sends or
// logs it. Best effort: it recognises secrets by the names around them.

#ifndef TALLYMAN_API_REDACTION_REDACTION_H_
#define TALLYMAN_API_REDACTION_REDACTION_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tallyman::api {

// RE2 expressions for the names of arguments whose values are secret, such as
// `password`, `token`, `secret` and `api_key`.
std::vector<std::string> DefaultSecretNames();

// Replaces secret values by "***". A name is secret if an expression matches
// its end, ignoring case. Values are found in
//   --NAME=value, --NAME value, NAME=value, NAME: value   (as arguments, and
//     inside longer ones such as the script of `sh -c`),
//   Bearer value, Basic value,
//   scheme://user:value@host, and
//   tokens of this server (tly_...).
// Immutable and thread-safe.
class Redactor {
 public:
  // `secret_names` are RE2 expressions; an empty list is Disabled().
  // InvalidArgument quotes the expression that RE2 rejects or that has a
  // capturing group.
  static absl::StatusOr<std::unique_ptr<Redactor>> Create(
      const std::vector<std::string>& secret_names);

  // A redactor that changes no command line. Text() still hides tokens of this
  // server.
  static std::unique_ptr<Redactor> Disabled();

  ~Redactor();
  Redactor(const Redactor&) = delete;
  Redactor& operator=(const Redactor&) = delete;

  // Joins `arguments`, which are separated by NULs, with spaces, and hides the
  // secrets. A value ends with its argument, not at a space inside it.
  std::string CommandLine(std::string_view arguments) const;

  // `text` without its secrets.
  std::string Text(std::string_view text) const;

  // Whether the value of a parameter called `name` is secret.
  bool IsSecretName(std::string_view name) const;

 private:
  struct Patterns;
  explicit Redactor(std::unique_ptr<Patterns> patterns);

  void AppendArgument(std::string_view argument, std::string& line) const;
  void HideInside(std::string& text) const;

  const std::unique_ptr<Patterns> patterns_;  // Null if disabled.
};

}  // namespace tallyman::api

#endif  // TALLYMAN_API_REDACTION_REDACTION_H_
