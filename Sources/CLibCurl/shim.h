#pragma once

#include <curl/curl.h>

// Swift cannot call C's variadic functions: one typed entry for each argument type that libcurl takes.

static inline CURLcode godwit_curl_setopt_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode godwit_curl_setopt_off(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode godwit_curl_setopt_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode godwit_curl_setopt_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode godwit_curl_setopt_blob(CURL *handle, CURLoption option, struct curl_blob *value) {
    return curl_easy_setopt(handle, option, value);
}

typedef size_t (*godwit_curl_data_function)(char *, size_t, size_t, void *);

static inline CURLcode godwit_curl_setopt_data_function(
    CURL *handle, CURLoption option, godwit_curl_data_function value) {
    return curl_easy_setopt(handle, option, value);
}

typedef int (*godwit_curl_seek_function)(void *, curl_off_t, int);

static inline CURLcode godwit_curl_setopt_seek_function(CURL *handle, godwit_curl_seek_function value) {
    return curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, value);
}

typedef int (*godwit_curl_connected_function)(void *, char *, char *, int, int);

static inline CURLcode godwit_curl_setopt_connected_function(CURL *handle, godwit_curl_connected_function value) {
    return curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, value);
}

static inline CURLcode godwit_curl_getinfo_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode godwit_curl_getinfo_string(CURL *handle, CURLINFO info, char **value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode godwit_curl_getinfo_pointer(CURL *handle, CURLINFO info, void **value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode godwit_curl_getinfo_socket(CURL *handle, curl_socket_t *value) {
    return curl_easy_getinfo(handle, CURLINFO_ACTIVESOCKET, value);
}

static inline CURLMcode godwit_curl_multi_setopt_long(CURLM *handle, CURLMoption option, long value) {
    return curl_multi_setopt(handle, option, value);
}
