in vec3 centre;
in vec3 along;
in vec4 strand;
uniform vec3 key_from;

void main() {
    mat3 turn = turn_at(1.0);
    vec3 world = turn * (centre - pivot) + pivot + shift;
    vec3 across = normalize(cross(turn * along, key_from));
    gl_Position = view_projection * vec4(world + across * strand.x * strand.w * (1.0 - 0.75 * strand.y * strand.y), 1.0);
}
