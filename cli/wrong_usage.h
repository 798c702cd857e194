#ifndef MUSTER_CLI_WRONG_USAGE_H_
#define MUSTER_CLI_WRONG_USAGE_H_

#include <CLI/App.hpp>
#include <functional>
#include <string>
#include <vector>

namespace muster::cli {

// Takes a value that is one of `names`; the error for another tells which was probably meant.
CLI::Validator OneOf(std::vector<std::string> names);

// Tells what to write instead of an argument that belongs to no option; empty: nothing comes to
// mind.
using Advice = std::function<std::string(const std::string& argument)>;

// Why `app` could not read its command line, in our words and with a remedy, as
//   unknown option "--confg"; did you mean "--config"?
// `error` is what parse() has thrown.
std::string WrongUsage(const CLI::App& app, const CLI::Error& error,
                       const Advice& advice = nullptr);

// The command line whose help explains it, as "ctl worker restart --help": that of the subcommand
// that was given, or that of the program around it whose option is wrong.
std::string HelpAfter(const CLI::App& app, const CLI::Error& error);

}  // namespace muster::cli

#endif  // MUSTER_CLI_WRONG_USAGE_H_
