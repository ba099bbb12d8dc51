// Tokens in the arguments of the program, which `ps` shows to every user.
//
// Example: tally/cli/secret_arguments_test.cc

#ifndef TALLYMAN_TALLY_CLI_SECRET_ARGUMENTS_H_
#define TALLYMAN_TALLY_CLI_SECRET_ARGUMENTS_H_

#include <string_view>

namespace tallyman::tally {

// Overwrites the value of --token, and each token ("tly_…") or secret of an
// OAuth client ("tlc_…") anywhere in the arguments, with "*" in place: the
// kernel shows this memory as /proc/PID/cmdline (proc(5)). Those who read it
// before, the history of the shell and audit logs still have it. True if there
// was any. Copy the arguments first.
bool HideSecretArguments(int argc, char** argv);

// True if `text` has the form of a token or of a client's secret.
bool LooksLikeSecret(std::string_view text);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_CLI_SECRET_ARGUMENTS_H_
