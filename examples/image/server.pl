#!/usr/bin/perl
# The example application: answers every request with its pod's name, its version and how many requests it served.
# Perl, because it is the one language that every Debian and Ubuntu has (package perl-base is essential), starts in
# 10 ms and needs 7 MB. One process, one select loop, keep-alive connections.
#
# On SIGTERM it serves on until nobody asked for 0.3 s, one second at most: the pod is leaving its Services' endpoints
# at that very moment, and connections that were on their way get their answer. A rollout loses no request.
use strict;
use warnings;
use Errno;
use Fcntl;
use Socket;

my $port = $ENV{PORT} || 8080;
my $version = $ENV{VERSION} || "unknown";
my $largest_request = 65536;
my $idle_seconds = 60;
my $served = 0;
my $ends_at;    # seconds; set while ending
my %client;    # file number => { socket, in, out, seen, is_closing }

$SIG{PIPE} = "IGNORE";
$SIG{INT} = sub { exit 0 };
$SIG{TERM} = sub { $ends_at //= time + 1 };
$| = 1;

open(my $name, "<", "/proc/sys/kernel/hostname") or die "hostname: $!\n";
chomp(my $pod = <$name>);
socket(my $listener, PF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
setsockopt($listener, SOL_SOCKET, SO_REUSEADDR, 1);
bind($listener, sockaddr_in($port, INADDR_ANY)) or die "port $port: $!\n";
listen($listener, 1024) or die "listen: $!\n";
fcntl($listener, F_SETFL, O_NONBLOCK);
print "$pod, version $version, listens on port $port\n";

while (1) {
    my ($read, $write) = ("", "");
    vec($read, fileno($listener), 1) = 1;
    vec($client{$_}{out} eq "" ? $read : $write, $_, 1) = 1 for keys %client;
    my $count = select($read, $write, undef, $ends_at ? 0.3 : 5);
    exit 0 if $ends_at && ($count == 0 || time > $ends_at);
    next if $count < 0;    # a signal
    accept_all() if vec($read, fileno($listener), 1);
    for my $number (keys %client) {
        receive($number) if vec($read, $number, 1);
        deliver($number) if $client{$number} && vec($write, $number, 1);
    }
    my $oldest = time - $idle_seconds;
    delete @client{ grep { $client{$_}{seen} < $oldest } keys %client };
}

sub accept_all {
    while (my $peer = accept(my $socket, $listener)) {
        fcntl($socket, F_SETFL, O_NONBLOCK);
        $client{ fileno($socket) } = { socket => $socket, in => "", out => "", seen => time };
    }
}

sub receive {
    my ($number) = @_;
    my $one = $client{$number};
    my $count = sysread($one->{socket}, $one->{in}, 16384, length $one->{in});
    return if !defined $count && $!{EAGAIN};
    return delete $client{$number} if !$count || length $one->{in} > $largest_request;
    $one->{seen} = time;
    answer($one) while !$one->{is_closing} && take_request($one);
    deliver($number) if $one->{out} ne "";
}

# Takes one whole request off the input and remembers what its answer depends on.
sub take_request {
    my ($one) = @_;
    my $end = index($one->{in}, "\r\n\r\n");
    return 0 if $end < 0;
    my $head = substr($one->{in}, 0, $end);
    my $body = $head =~ /^content-length:\s*(\d+)/im ? $1 : 0;
    return 0 if length($one->{in}) < $end + 4 + $body;
    substr($one->{in}, 0, $end + 4 + $body) = "";
    $one->{request} = $head =~ m{^([A-Z]+) (\S+) HTTP/1\.[01]} ? "$1 $2" : undef;
    $one->{is_closing} = $ends_at || $head =~ /^connection:\s*close/im || ($head =~ m{HTTP/1\.0} && $head !~ /^connection:\s*keep-alive/im);
    return 1;
}

sub answer {
    my ($one) = @_;
    my ($status, $type, $body) = ("200 OK", "application/json", "");
    if (!defined $one->{request}) {
        ($status, $type, $body, $one->{is_closing}) = ("400 Bad Request", "text/plain", "not HTTP\n", 1);
    } elsif ($one->{request} =~ m{ /healthz(\?|$)}) {
        ($type, $body) = ("text/plain", "ok\n");
    } else {
        $served++;
        $body = qq({"pod":"$pod","version":"$version","requests":$served}\n);
        print "$one->{request} $served\n";
    }
    my $connection = $one->{is_closing} ? "close" : "keep-alive";
    my $length = length $body;
    $body = "" if ($one->{request} || "") =~ /^HEAD /;
    $one->{out} .= "HTTP/1.1 $status\r\nContent-Type: $type\r\nContent-Length: $length\r\nConnection: $connection\r\n\r\n$body";
}

sub deliver {
    my ($number) = @_;
    my $one = $client{$number};
    my $count = syswrite($one->{socket}, $one->{out});
    return if !defined $count && $!{EAGAIN};
    return delete $client{$number} if !defined $count;
    substr($one->{out}, 0, $count) = "";
    delete $client{$number} if $one->{out} eq "" && $one->{is_closing};
}
