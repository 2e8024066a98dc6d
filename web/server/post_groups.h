#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/guarded.h"
#include "engine/event/event.h"

namespace rowhook {

class Journal;

// The events of one POST /events.
struct Post {
  std::vector<Event> events;
  bool check_ids = false;  // the ids are the client's: look for redeliveries
};

// Puts one post into the journal; blocks until it is durable. Sets seq in the events. Throws TransientError
// (also when the journal's budget is used up).
void append_post(Journal& journal, Post& post);

// Many clients post at once, and a durable transaction costs as much for one event as for a thousand: posts
// that come while one is being written go into the next, together. One thread of its own. Memory: at most
// 4096 posts and 64 MiB wait. Thread safety: safe to share.
class PostGroups {
 public:
  // `error` is set when nothing was written; else every event has its seq.
  using Done = std::function<void(Post post, std::exception_ptr error)>;
  // `deliver` runs what it is given on the thread that wants the answers; called once for each group.
  using Deliver = std::function<void(std::function<void()>)>;
  PostGroups(Journal& journal, Deliver deliver);
  ~PostGroups();  // stops
  PostGroups(const PostGroups&) = delete;
  PostGroups& operator=(const PostGroups&) = delete;

  // False when too much waits already or stop() was called; then neither was taken.
  bool submit(Post&& post, Done&& done);
  void stop();  // writes what waits

 private:
  struct Waiting {
    Post post;
    Done done;
    std::exception_ptr error;
  };
  struct State {
    std::deque<Waiting> waiting;
    std::size_t bytes = 0;
    bool idle = false, stopping = false;
  };
  void serve();
  void write(std::vector<Waiting>& group, bool check_ids);

  Journal& journal_;
  Deliver deliver_;
  Guarded<State> state_;
  std::thread thread_;
};

}  // namespace rowhook
