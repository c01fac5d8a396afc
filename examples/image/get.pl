#!/usr/bin/perl
# get URL [COUNT]: prints the body of an http:// URL, COUNT times over, each on a new connection. For trying Services
# from inside a pod; ends with an error if there is no answer within 5 s or the status is not 2xx.
use strict;
use warnings;
use Socket qw(:DEFAULT getaddrinfo);

my ($url, $count) = (@ARGV, 1);
my ($host, $port, $path) = ($url || "") =~ m{^http://([^/:]+)(?::(\d+))?(/\S*)?$} or die "usage: get http://HOST[:PORT][/PATH] [COUNT]\n";
$port ||= 80;
$path ||= "/";
$SIG{ALRM} = sub { die "get: $url: no answer within 5 s\n" };

for (1 .. $count) {
    alarm 5;
    my ($error, @addresses) = getaddrinfo($host, $port, { family => PF_INET, socktype => SOCK_STREAM });
    die "get: $host: $error\n" if $error;
    socket(my $socket, PF_INET, SOCK_STREAM, 0) or die "get: $!\n";
    connect($socket, $addresses[0]{addr}) or die "get: $url: $!\n";
    syswrite($socket, "GET $path HTTP/1.1\r\nHost: $host\r\nConnection: close\r\n\r\n");
    my $answer = "";
    1 while sysread($socket, $answer, 65536, length $answer);
    alarm 0;
    my ($head, $body) = split /\r\n\r\n/, $answer, 2;
    die "get: $url: " . ($head =~ /^(.*)/)[0] . "\n" if ($head || "") !~ m{^HTTP/1\.\d 2};
    print $body;
}
