// Hides secrets in command lines and in other text that leaves the server.

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

// Replaces the values of what looks like a secret by "***". A name is secret
// if one of the expressions matches its end, whatever its case. Values are
// found in
//   --NAME=value, --NAME value, NAME=value, NAME: value   (as arguments, and
//     inside longer ones such as the text of `sh -c`),
//   Bearer value, Basic value,
//   scheme://user:value@host, and
//   tokens of this server.
// Immutable and thread-safe.
class Redactor {
 public:
  // InvalidArgument naming the expression that RE2 does not accept, or that has
  // a capturing group.
  static absl::StatusOr<std::unique_ptr<Redactor>> Create(
      const std::vector<std::string>& secret_names);

  // Replaces nothing in command lines. Text() still hides this server's tokens.
  static std::unique_ptr<Redactor> Disabled();

  ~Redactor();
  Redactor(const Redactor&) = delete;
  Redactor& operator=(const Redactor&) = delete;

  // The command line of `arguments`, which are divided by NULs, joined with one
  // space. The whole value of an argument is hidden, spaces in it included.
  std::string CommandLine(std::string_view arguments) const;

  // `text` with the secrets in it hidden, for logs.
  std::string Text(std::string_view text) const;

  // True if a parameter of that name has a secret value.
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
