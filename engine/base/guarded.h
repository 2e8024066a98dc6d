#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

namespace rowhook {

// A value that can only be reached with its mutex held. The only way rooms share mutable data.
// Thread safety: safe to share. Do not call into other rooms while a lock is held.
template <typename T>
class Guarded {
 public:
  template <typename... Args>
  explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}

  class Lock {
   public:
    T* operator->() { return value_; }
    T& operator*() { return *value_; }
    // Waits until `ready()` holds; the lock is released while waiting. notify() and notify_one() on the
    // Guarded wake it.
    template <typename Predicate>
    void wait(Predicate ready) {
      changed_->wait(lock_, ready);
    }
    // As wait, but gives up at `deadline`; returns ready().
    template <typename TimePoint, typename Predicate>
    bool wait_until(TimePoint deadline, Predicate ready) {
      return changed_->wait_until(lock_, deadline, ready);
    }
    template <typename Duration, typename Predicate>
    bool wait_for(Duration duration, Predicate ready) {
      return changed_->wait_for(lock_, duration, ready);
    }

   private:
    friend class Guarded;
    Lock(std::mutex& mutex, std::condition_variable& changed, T& value)
        : lock_(mutex), changed_(&changed), value_(&value) {}
    std::unique_lock<std::mutex> lock_;
    std::condition_variable* changed_;
    T* value_;
  };

  Lock lock() { return Lock(mutex_, changed_, value_); }
  // Runs `f(T&)` under the lock and returns its result.
  template <typename F>
  decltype(auto) with(F&& f) {
    std::lock_guard<std::mutex> hold(mutex_);
    return std::forward<F>(f)(value_);
  }
  template <typename F>
  decltype(auto) with(F&& f) const {
    std::lock_guard<std::mutex> hold(mutex_);
    return std::forward<F>(f)(static_cast<const T&>(value_));
  }
  void notify() { changed_.notify_all(); }
  // For waiters that are all alike: wakes one of them, which finds what there is to do.
  void notify_one() { changed_.notify_one(); }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  T value_;
};

}  // namespace rowhook
