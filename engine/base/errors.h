// Errors are named for what the catcher does with them. Expected outcomes (no such row, filtered) are values, not errors.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace rowhook {

// One finding of a validation. `pointer` is an RFC 6901 JSON Pointer into the validated document ("" is the whole).
struct Problem {
  std::string pointer;
  std::string detail;  // what is wrong and what to write instead, one sentence
  bool operator==(const Problem&) const = default;
};

// Base of all errors of Rowhook. what() is one line for a person; hint() is the command, SQL or edit that mends it ("" if none).
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message, std::string hint = {})
      : std::runtime_error(message), hint_(std::move(hint)) {}
  const std::string& hint() const noexcept { return hint_; }

 private:
  std::string hint_;
};

// Something outside failed and may work later (connection lost, server busy, timeout): retry with backoff.
class TransientError : public Error {
 public:
  using Error::Error;
};

// Trying again cannot help (the request is wrong, the object does not exist): report, do not retry.
class PermanentError : public Error {
 public:
  using Error::Error;
};

// A document written by a user (configuration, workflow, trigger, request) is wrong. Nothing of it was applied.
class InvalidInput : public PermanentError {
 public:
  InvalidInput(const std::string& message, std::vector<Problem> problems, std::string hint = {})
      : PermanentError(message, std::move(hint)), problems_(std::move(problems)) {}
  const std::vector<Problem>& problems() const noexcept { return problems_; }

 private:
  std::vector<Problem> problems_;
};

// The configuration cannot be used; exit status 78.
class ConfigError : public InvalidInput {
 public:
  using InvalidInput::InvalidInput;
};

// The thing named does not exist; HTTP 404.
class NotFound : public PermanentError {
 public:
  using PermanentError::PermanentError;
};

// The thing exists in another state or version than the caller assumed; HTTP 409 or 412.
class Conflict : public PermanentError {
 public:
  using PermanentError::PermanentError;
};

// What the source still has no longer joins what the journal holds: history is lost, and somebody has to decide.
// The catcher writes a durable `capture_gap` and stops that source. hint() is the remedy.
class GapError : public Error {
 public:
  GapError(const std::string& reason, std::string from, std::string to, std::string remedy)
      : Error(reason, std::move(remedy)), from_(std::move(from)), to_(std::move(to)) {}
  const std::string& from() const noexcept { return from_; }  // last position known to be captured ("" if none)
  const std::string& to() const noexcept { return to_; }      // first position available again ("" if unknown)

 private:
  std::string from_, to_;
};

}  // namespace rowhook
